//! The side that is trusted: starts a child for each step, bounds it, reads its answer and writes it anew.

use crate::child::NO_SANDBOX;
use crate::ppm::{self, Raster};
use crate::step::Step;
use crate::{Class, Content, Kind, PICTURES_MAX, SIDE_MAX};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

/// How long a step may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);
/// Where programs are looked for.
const FOLDERS: [&str; 2] = ["/usr/bin", "/usr/local/bin"];
/// The programs of others: poppler's, and ffmpeg's two.
const PROGRAMS: [&str; 3] = ["pdftoppm", "ffmpeg", "ffprobe"];
/// A picture of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
/// Bytes of an answer in words.
const FACTS_BYTES_MAX: usize = 16 << 10;
/// The longest duration that is believed: a year.
const DURATION_S_MAX: f64 = 31_557_600.0;
/// Of JPEG: pages stay legible.
const QUALITY: u8 = 84;

/// Makes previews. Holds the command that starts a child: a program, and the words before the step.
#[derive(Clone, Debug)]
pub struct Maker {
    program: PathBuf,
    words: Vec<String>,
    folders: Vec<PathBuf>,
    timeout: Duration,
}

/// One picture of a preview, as it is kept and sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// It, encoded.
    pub bytes: Vec<u8>,
}

/// What was made.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Pictures: the image, the first pages, some frames, or a drawing of the sound.
    pub pictures: Vec<Picture>,
    /// How long it plays, as it says itself.
    pub duration_ms: Option<u64>,
}

/// Why there is no preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Not {
    /// It is too large for it.
    Large,
    /// The program for this kind is not installed.
    Program,
    /// The walls cannot be put up on this host.
    Sandbox,
    /// It took too long.
    Slow,
    /// It cannot be read, or what came is no picture.
    Failed,
}

impl Maker {
    /// Starts children by this program with these words before the step.
    #[must_use]
    pub fn new(program: PathBuf, words: &[&str]) -> Self {
        let folders = FOLDERS.map(PathBuf::from).to_vec();
        Self { program, words: words.iter().map(|word| (*word).to_owned()).collect(), folders, timeout: STEP_TIMEOUT }
    }

    /// Looks for programs in these folders instead.
    #[must_use]
    pub fn looking_in(self, folders: &[&Path]) -> Self {
        Self { folders: folders.iter().map(|folder| folder.to_path_buf()).collect(), ..self }
    }

    /// Waits so long for a step.
    #[must_use]
    pub fn waiting(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Whether a preview can be made on this host at all: one is, of a picture of one pixel.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn trial(&self) -> Result<(), Not> {
        let failed = |_| Not::Failed;
        let content = Content::new(PIXEL.len() as u64).map_err(failed)?;
        content.write_at(0, PIXEL).map_err(failed)?;
        content.seal().map_err(failed)?;
        self.make(Kind::Gif, &content).await.map(drop)
    }

    /// The programs of others that are not installed.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        PROGRAMS.into_iter().filter(|name| self.find(name).is_err()).collect()
    }

    fn find(&self, name: &str) -> Result<PathBuf, Not> {
        let found = self.folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        found.ok_or(Not::Program)
    }

    /// Makes a preview of a content of this kind.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn make(&self, kind: Kind, content: &Content) -> Result<Preview, Not> {
        match kind.class() {
            Class::Image | Class::Pages if !content.is_whole() => Err(Not::Large),
            Class::Image => self.pictures(content, &Step::Picture(kind), 1).await.map(Preview::of),
            Class::Pages => {
                let step = Step::Pages(self.find("pdftoppm")?);
                self.pictures(content, &step, PICTURES_MAX).await.map(Preview::of)
            }
            Class::Video | Class::Sound => self.playing(kind, content).await,
        }
    }

    async fn playing(&self, kind: Kind, content: &Content) -> Result<Preview, Not> {
        let (probe, program) = (self.find("ffprobe")?, self.find("ffmpeg")?);
        let said = self.run(content, &Step::Facts(probe, kind), FACTS_BYTES_MAX).await?;
        let facts = Facts::read(&said);
        let mut preview = Preview { duration_ms: facts.duration_ms, ..Preview::default() };
        if kind.class() == Class::Video && facts.has_video {
            for at_ms in moments(facts.duration_ms, content.is_whole()) {
                let step = Step::Frame(program.clone(), kind, at_ms);
                match self.pictures(content, &step, 1).await {
                    Ok(mut frame) => preview.pictures.append(&mut frame),
                    // A film may end before it says, and the first frame is there all the same.
                    Err(Not::Failed) if !preview.pictures.is_empty() => {}
                    Err(not) => return Err(not),
                }
            }
        } else if facts.has_sound && content.is_whole() {
            preview.pictures = self.pictures(content, &Step::Wave(program, kind), 1).await?;
        }
        match preview.pictures.is_empty() && preview.duration_ms.is_none() {
            true => Err(Not::Failed),
            false => Ok(preview),
        }
    }

    async fn pictures(&self, content: &Content, step: &Step, count_max: usize) -> Result<Vec<Picture>, Not> {
        let answer = self.run(content, step, ppm::bytes_max(SIDE_MAX, count_max)).await?;
        let work = move || {
            let rasters = ppm::parse(&answer, SIDE_MAX, count_max)?;
            rasters.iter().map(encode).collect::<Option<Vec<_>>>()
        };
        tokio::task::spawn_blocking(work).await.ok().flatten().ok_or(Not::Failed)
    }

    /// Runs one child to its end; what it wrote.
    async fn run(&self, content: &Content, step: &Step, bytes_max: usize) -> Result<Vec<u8>, Not> {
        let ran = tokio::time::timeout(self.timeout, self.started(content, step, bytes_max)).await;
        match ran {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                tracing::error!(%error, "a preview's process cannot be started");
                Err(Not::Failed)
            }
            // The child was killed as its handle was let go.
            Err(_) => Err(Not::Slow),
        }
    }

    async fn started(&self, content: &Content, step: &Step, bytes_max: usize) -> io::Result<Result<Vec<u8>, Not>> {
        let mut child = Command::new(&self.program)
            .args(&self.words)
            .args(step.arguments())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(content.handle()?))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut answer = Vec::new();
        if let Some(output) = child.stdout.take() {
            output.take(bytes_max as u64 + 1).read_to_end(&mut answer).await?;
        }
        if answer.len() > bytes_max {
            child.kill().await?;
            return Ok(Err(Not::Failed));
        }
        let status = child.wait().await?;
        if status.code() == Some(i32::from(NO_SANDBOX)) {
            tracing::error!("the sandbox of previews cannot be set up on this host; no preview is made");
            return Ok(Err(Not::Sandbox));
        }
        Ok(if status.success() { Ok(answer) } else { Err(Not::Failed) })
    }
}

impl Preview {
    fn of(pictures: Vec<Picture>) -> Self {
        Self { pictures, duration_ms: None }
    }
}

/// The moments of which frames are shown. Of a film that is here in part, one near its beginning.
fn moments(duration_ms: Option<u64>, is_whole: bool) -> Vec<u64> {
    match duration_ms {
        Some(all) if is_whole && all >= 3000 => vec![all / 10, all / 2, all * 9 / 10],
        Some(all) => vec![(all / 2).min(1000)],
        None => vec![0],
    }
}

/// What ffprobe said.
#[derive(Debug, Default, PartialEq)]
struct Facts {
    duration_ms: Option<u64>,
    has_video: bool,
    has_sound: bool,
}

impl Facts {
    fn read(said: &[u8]) -> Self {
        let mut facts = Self::default();
        for line in String::from_utf8_lossy(said).lines() {
            match line.split_once('=') {
                Some(("codec_type", "video")) => facts.has_video = true,
                Some(("codec_type", "audio")) => facts.has_sound = true,
                Some(("duration", text)) => {
                    let seconds = text.parse::<f64>().ok().filter(|s| (0.0..DURATION_S_MAX).contains(s));
                    facts.duration_ms = seconds.map(|s| (s * 1000.0) as u64);
                }
                _ => {}
            }
        }
        facts
    }
}

/// The smaller of the two.
fn encode(raster: &Raster) -> Option<Picture> {
    let (width, height, pixels) = (raster.width, raster.height, &raster.pixels);
    let (mut jpeg, mut png) = (Vec::new(), Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    encoder.write_image(pixels, width, height, ExtendedColorType::Rgb8).ok()?;
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive);
    encoder.write_image(pixels, width, height, ExtendedColorType::Rgb8).ok()?;
    let (media_type, bytes) = if png.len() <= jpeg.len() { ("image/png", png) } else { ("image/jpeg", jpeg) };
    Some(Picture { media_type, width, height, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_is_believed_within_bounds() {
        let facts = Facts::read(b"codec_type=video\ncodec_type=audio\nduration=12.345000\n");
        assert_eq!(facts, Facts { duration_ms: Some(12_345), has_video: true, has_sound: true });
        for wrong in ["duration=N/A", "duration=-1", "duration=1e300", "duration=NaN", "duration=", "=", "\u{fffd}"] {
            assert_eq!(Facts::read(wrong.as_bytes()), Facts::default(), "{wrong}");
        }
    }

    #[test]
    fn frames_are_of_what_is_there() {
        assert_eq!(moments(Some(10_000), true), [1000, 5000, 9000]);
        assert_eq!(moments(Some(10_000_000), false), [1000]);
        assert_eq!((moments(Some(40), true), moments(None, true)), (vec![20], vec![0]));
    }

    #[test]
    fn a_raster_is_written_anew_in_few_bytes() {
        let raster = |pixels: Vec<u8>| Raster { width: 64, height: 64, pixels };
        assert_eq!(encode(&raster(vec![255; 64 * 64 * 3])).unwrap().media_type, "image/png");
        let mut state = 1u32;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 9) as u8
        };
        let noise = (0..64 * 64 * 3).map(|_| next()).collect();
        assert_eq!(encode(&raster(noise)).unwrap().media_type, "image/jpeg");
    }
}
