//! Pictures, decoded inside the sandbox by readers in safe Rust, with bounds on what they may take.

use crate::{Kind, SIDE_MAX, ppm};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgba, RgbaImage};
use std::io::Cursor;

/// Pixels of the longest side of what is decoded at all.
const DECODED_SIDE_MAX: u32 = 30_000;
/// Memory that decoding may take.
const DECODED_BYTES_MAX: u64 = 512 << 20;

fn format(kind: Kind) -> Option<ImageFormat> {
    match kind {
        Kind::Png => Some(ImageFormat::Png),
        Kind::Jpeg => Some(ImageFormat::Jpeg),
        Kind::Gif => Some(ImageFormat::Gif),
        Kind::Webp => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// The picture as PPM, turned as it is to be seen, on white, of at most [`SIDE_MAX`] a side. None where it
/// cannot be read, or is larger than what is read.
pub(crate) fn picture(kind: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(DECODED_SIDE_MAX);
    limits.max_image_height = Some(DECODED_SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format(kind)?);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    if decoder.total_bytes() > DECODED_BYTES_MAX {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let decoded = DynamicImage::from_decoder(decoder).ok()?;
    let is_small = decoded.width() <= SIDE_MAX && decoded.height() <= SIDE_MAX;
    let mut small = if is_small { decoded } else { decoded.thumbnail(SIDE_MAX, SIDE_MAX) };
    small.apply_orientation(orientation);
    let has_alpha = small.color().has_alpha();
    let small = if has_alpha { DynamicImage::from(on_white(small.into_rgba8())) } else { small };
    let small = small.into_rgb8();
    Some(ppm::write(small.width(), small.height(), small.as_raw()))
}

fn on_white(mut image: RgbaImage) -> RgbaImage {
    for Rgba([r, g, b, a]) in image.pixels_mut() {
        let over = |channel: u8| ((u32::from(channel) * u32::from(*a) + 255 * (255 - u32::from(*a))) / 255) as u8;
        (*r, *g, *b) = (over(*r), over(*g), over(*b));
        *a = 255;
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbImage;

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    fn sizes(ppm: &[u8]) -> (u32, u32) {
        let one = &ppm::parse(ppm, SIDE_MAX, 1).unwrap()[0];
        (one.width, one.height)
    }

    #[test]
    fn every_format_becomes_a_small_raster() {
        let image = DynamicImage::from(RgbImage::from_fn(2048, 512, |x, y| image::Rgb([x as u8, y as u8, 7])));
        for (kind, format) in
            [(Kind::Png, ImageFormat::Png), (Kind::Jpeg, ImageFormat::Jpeg), (Kind::Webp, ImageFormat::WebP)]
        {
            let bytes = encoded(&image, format);
            assert_eq!(Kind::of(&bytes), Some(kind));
            assert_eq!(sizes(&picture(kind, &bytes).unwrap()), (1024, 256));
        }
        let gif = encoded(&DynamicImage::from(RgbImage::new(3, 2)), ImageFormat::Gif);
        assert_eq!(sizes(&picture(Kind::Gif, &gif).unwrap()), (3, 2));
    }

    #[test]
    fn what_is_clear_is_white() {
        let bytes = encoded(&DynamicImage::from(RgbaImage::new(1, 1)), ImageFormat::Png);
        assert_eq!(ppm::parse(&picture(Kind::Png, &bytes).unwrap(), 1, 1).unwrap()[0].pixels, [255; 3]);
    }

    #[test]
    fn what_is_cut_or_something_else_is_nothing() {
        let bytes = encoded(&DynamicImage::from(RgbImage::new(64, 64)), ImageFormat::Png);
        assert!(picture(Kind::Jpeg, &bytes).is_none());
        assert!(picture(Kind::Pdf, &bytes).is_none());
        for length in [0, 8, 20, bytes.len() / 2] {
            assert!(picture(Kind::Png, &bytes[..length]).is_none(), "{length}");
        }
    }
}
