//! The steps that a preview is made in, each by a process of its own, and how a step is written on the
//! command line of that process.

use crate::{Kind, PICTURES_MAX, SIDE_MAX};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// One step. Programs stand in it by their paths, which the parent has looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Decodes a picture; nothing else is started.
    Picture(Kind),
    /// The first pages of a document, by pdftoppm.
    Pages(PathBuf),
    /// What a film or a sound is, and how long it is, by ffprobe.
    Facts(PathBuf, Kind),
    /// The frame at this millisecond, by ffmpeg.
    Frame(PathBuf, Kind, u64),
    /// A drawing of a sound, by ffmpeg.
    Wave(PathBuf, Kind),
}

/// The content, as a program opens it: sealed memory, under the name of the standard input.
const CONTENT: &str = "/proc/self/fd/0";

impl Step {
    /// As it is written on a command line.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let words = |name: &str, program: Option<&Path>, kind: Option<Kind>, at: Option<u64>| {
            let program = program.map(|path| path.as_os_str().to_owned());
            let rest = kind.map(|kind| kind.name().into()).into_iter().chain(at.map(|at| at.to_string().into()));
            std::iter::once(name.into()).chain(program).chain(rest).collect()
        };
        match self {
            Self::Picture(kind) => words("picture", None, Some(*kind), None),
            Self::Pages(program) => words("pages", Some(program), None, None),
            Self::Facts(program, kind) => words("facts", Some(program), Some(*kind), None),
            Self::Frame(program, kind, at_ms) => words("frame", Some(program), Some(*kind), Some(*at_ms)),
            Self::Wave(program, kind) => words("wave", Some(program), Some(*kind), None),
        }
    }

    /// The step of such a command line; none where it is none.
    pub(crate) fn parse(arguments: &[OsString]) -> Option<Self> {
        let kind = |word: &OsString| Kind::parse(word.to_str()?);
        let (name, rest) = arguments.split_first()?;
        Some(match (name.to_str()?, rest) {
            ("picture", [one]) => Self::Picture(kind(one)?),
            ("pages", [program]) => Self::Pages(program.into()),
            ("facts", [program, one]) => Self::Facts(program.into(), kind(one)?),
            ("frame", [program, one, at]) => Self::Frame(program.into(), kind(one)?, at.to_str()?.parse().ok()?),
            ("wave", [program, one]) => Self::Wave(program.into(), kind(one)?),
            _ => return None,
        })
    }

    /// The program that it becomes, with what it is told; none where it becomes none.
    pub(crate) fn program(&self) -> Option<(&Path, Vec<String>)> {
        let scale = format!("scale=w='min({SIDE_MAX},iw)':h='min({SIDE_MAX},ih)':force_original_aspect_ratio=decrease");
        match self {
            Self::Picture(_) => None,
            Self::Pages(program) => {
                let (last, side) = (PICTURES_MAX.to_string(), SIDE_MAX.to_string());
                let words = ["-q", "-f", "1", "-l", &last, "-scale-to", &side, CONTENT];
                Some((program, words.map(str::to_owned).to_vec()))
            }
            Self::Facts(program, kind) => {
                let shown = ["-show_entries", "format=duration:stream=codec_type", "-of", "default=nw=1"];
                Some((program, [read(*kind)?, shown.map(str::to_owned).to_vec(), input()].concat()))
            }
            Self::Frame(program, kind, at_ms) => {
                let seek = ["-ss".to_owned(), format!("{}.{:03}", at_ms / 1000, at_ms % 1000)].to_vec();
                let picked = ["-map", "0:v:0", "-vf", &scale].map(str::to_owned).to_vec();
                Some((program, [read(*kind)?, seek, input(), picked, written()].concat()))
            }
            Self::Wave(program, kind) => {
                let drawn = "[0:a:0]aformat=channel_layouts=mono,showwavespic=s=1024x160:scale=sqrt:colors=0x15181c[w];\
                             color=c=0xfcfcfa:s=1024x160[p];[p][w]overlay=shortest=1";
                let picked = ["-filter_complex", drawn].map(str::to_owned).to_vec();
                Some((program, [read(*kind)?, input(), picked, written()].concat()))
            }
        }
    }
}

/// How ffmpeg and ffprobe read: one reader, one protocol, no thread, no question.
fn read(kind: Kind) -> Option<Vec<String>> {
    let demuxer = kind.demuxer()?;
    let words = ["-hide_banner", "-loglevel", "error", "-threads", "1", "-protocol_whitelist", "file", "-f", demuxer];
    Some(words.map(str::to_owned).to_vec())
}

fn input() -> Vec<String> {
    vec!["-i".to_owned(), format!("file:{CONTENT}")]
}

fn written() -> Vec<String> {
    let words = [
        "-nostdin",
        "-an",
        "-sn",
        "-dn",
        "-filter_threads",
        "1",
        "-filter_complex_threads",
        "1",
        "-threads",
        "1",
        "-frames:v",
        "1",
        "-pix_fmt",
        "rgb24",
        "-c:v",
        "ppm",
        "-f",
        "image2pipe",
        "pipe:1",
    ];
    words.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_as_it_was_written() {
        let program = PathBuf::from("/usr/bin/x");
        for step in [
            Step::Picture(Kind::Png),
            Step::Pages(program.clone()),
            Step::Facts(program.clone(), Kind::Mp4),
            Step::Frame(program.clone(), Kind::Webm, 1500),
            Step::Wave(program, Kind::Mp3),
        ] {
            assert_eq!(Step::parse(&step.arguments()), Some(step));
        }
        for wrong in [&["picture"][..], &["picture", "svg"], &["frame", "/x", "mp4", "-1"], &["sh"], &[]] {
            let words: Vec<OsString> = wrong.iter().map(OsString::from).collect();
            assert_eq!(Step::parse(&words), None, "{wrong:?}");
        }
    }
}
