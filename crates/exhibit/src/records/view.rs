//! An original looked at: its preview, and the original itself, from the content's host and only there.
//!
//! What is shown here was made by a process that can do nothing else, or comes as it is under a media type
//! of a short list; nothing of it is part of the page. Where the node has no host for content nothing is
//! shown, and the page says so.

use super::WORDS;
use preview::{Class, Kind, Not};
use registry::accounts::Me;
use registry::evidence::Party;
use registry::holdings::{Holding, Holdings, Look, NoPreview, Purpose};
use registry::web::sheet::{Block, Part, Seen, Value};
use registry::web::{Fault, Words};

/// The first picture of an original's preview, for a list; none where there is none.
pub(super) async fn thumbnail(holdings: &Holdings, me: &Me, by: &Party, id: &str) -> Result<Option<String>, Fault> {
    let look = holdings.preview_of(by, id).await?;
    // A drawing of a sound says nothing at this size.
    let is_seen = look.kind.is_some_and(|kind| kind.class() != Class::Sound) && !look.pictures.is_empty();
    Ok(if is_seen { holdings.address(me, id, Purpose::Picture(0)) } else { None })
}

/// The part of an original's page that shows it. `is_whole` asks for the original of a picture itself.
pub(super) async fn part(
    holdings: &Holdings,
    me: &Me,
    by: &Party,
    (holding, name, place): (&Holding, &str, &str),
    is_whole: bool,
) -> Result<Part, Fault> {
    let w = me.cx.words(&WORDS);
    let part = Part::new(w.say("view")).note(w.say("view-note"));
    let address = |purpose| holdings.address(me, &holding.id, purpose);
    let Some(original) = address(Purpose::Show) else {
        return Ok(part.with(Block::Notice(w.say("view-no-host"), w.say("view-no-host-do"))));
    };
    let look = holdings.preview_of(by, &holding.id).await?;
    let class = look.kind.map(Kind::class);
    let seen = |(number, shape): (usize, &registry::holdings::Shape)| {
        let alt = w.fill("view-picture", &[("name", name), ("number", &(number + 1).to_string())]);
        let src = address(Purpose::Picture(number)).unwrap_or_default();
        Seen { src, alt, width: shape.width, height: shape.height }
    };
    let pictures: Vec<Seen> = look.pictures.iter().enumerate().map(seen).collect();
    let poster = pictures.first().map(|picture| picture.src.clone());
    let mut part = match class {
        Some(Class::Video) => {
            let poster = Some(poster.unwrap_or_default());
            part.with(Block::Player(original.clone(), name.to_owned(), poster))
        }
        Some(Class::Sound) => part.with(Block::Player(original.clone(), name.to_owned(), None)),
        Some(Class::Image) if is_whole => part.with(Block::Picture(original.clone(), name.to_owned())),
        _ => part,
    };
    let is_original_alone = is_whole && class == Some(Class::Image);
    let shows_pictures = !is_original_alone && !pictures.is_empty();
    if shows_pictures {
        part = part.with(Block::Pictures(pictures));
    }
    if let Some(duration_ms) = look.duration_ms {
        let told = Value::Two(clock(duration_ms), w.say("view-duration-note"));
        part = part.with(Block::Record(vec![(w.say("view-duration"), told)]));
    }
    if let Some((what, remedy)) = said(w, &look, holdings.makes_previews()) {
        part = part.with(Block::Notice(what, remedy));
    }
    if class == Some(Class::Image) {
        let link = match is_whole {
            true => (place.to_owned(), w.say("view-preview")),
            false => (format!("{place}?whole"), w.say("view-whole")),
        };
        part = part.with(Block::Links(vec![link]));
    }
    if shows_pictures {
        part = part.with(Block::Note(w.say("view-made")));
    }
    Ok(part)
}

/// Why there is no preview, and what to do.
fn said(w: Words, look: &Look, is_made_here: bool) -> Option<(String, String)> {
    let (what, remedy) = match look.none? {
        NoPreview::Waiting if !is_made_here => ("view-none", "view-not-made"),
        NoPreview::Waiting => ("view-waiting", "view-waiting-do"),
        NoPreview::Kind => ("view-none", "view-kind"),
        NoPreview::Not(Not::Large) => ("view-none", "view-large"),
        NoPreview::Not(Not::Program) => match look.kind.map(Kind::class) {
            Some(Class::Pages) => ("view-none", "view-no-poppler"),
            _ => ("view-none", "view-no-ffmpeg"),
        },
        NoPreview::Not(Not::Sandbox) => ("view-none", "view-no-sandbox"),
        NoPreview::Not(Not::Slow) => ("view-none", "view-slow"),
        NoPreview::Not(Not::Failed) => ("view-none", "view-failed"),
    };
    Some((w.say(what), w.say(remedy)))
}

/// Hours, minutes and seconds.
fn clock(ms: u64) -> String {
    let s = ms / 1000;
    match s / 3600 {
        0 => format!("{}:{:02}", s / 60, s % 60),
        hours => format!("{hours}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::clock;

    #[test]
    fn a_duration_is_told_as_on_a_clock() {
        assert_eq!([clock(999), clock(61_000), clock(3_725_000)], ["0:00", "1:01", "1:02:05"]);
    }
}
