//! The code to photograph (QR, ISO/IEC 18004): as modules for a document, as SVG, as PNG.

use flate2::{Compression, Crc, write::ZlibEncoder};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;
use std::io::Write as _;

/// White modules around the code, as the standard wants.
const QUIET: usize = 4;
/// Pixels of one module of a PNG: large enough to print.
const PIXELS: usize = 10;

/// The address does not fit in a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanFault;

/// A code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    width: usize,
    dark: Vec<bool>,
}

impl Scan {
    /// The code for an address. A quarter of it may be damaged or dirty (level Q where that fits, else M).
    ///
    /// # Errors
    /// Where the address is longer than a code holds.
    pub fn new(address: &str) -> Result<Self, ScanFault> {
        let made = QrCode::with_error_correction_level(address, EcLevel::Q)
            .or_else(|_| QrCode::with_error_correction_level(address, EcLevel::M));
        let code = made.map_err(|_| ScanFault)?;
        Ok(Self { width: code.width(), dark: code.to_colors().iter().map(|color| *color == Color::Dark).collect() })
    }

    /// Modules on each side, with the white ones around them.
    #[must_use]
    pub fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// Dark modules that stand side by side: column, row, how many.
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for (place, _) in self.dark.iter().enumerate().filter(|(_, is_dark)| **is_dark) {
            let (column, row) = (place % self.width + QUIET, place / self.width + QUIET);
            match runs.last_mut() {
                Some((first, same, length)) if *same == row && *first + *length == column => *length += 1,
                _ => runs.push((column, row, 1)),
            }
        }
        runs
    }

    /// As a drawing that scales.
    #[must_use]
    pub fn svg(&self) -> String {
        let side = self.side();
        let mut path = String::new();
        for (column, row, length) in self.runs() {
            let _ = write!(path, "M{column} {row}h{length}v1h-{length}z");
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#15181c\" d=\"{path}\"/></svg>"
        )
    }

    /// As a picture of one bit a pixel (ISO/IEC 15948).
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        let side = self.side();
        let (pixels, stride) = (side * PIXELS, (side * PIXELS).div_ceil(8));
        let mut rows = Vec::with_capacity((stride + 1) * pixels);
        for row in 0..side {
            let mut line = vec![0xff_u8; stride];
            for (first, _, length) in self.runs().into_iter().filter(|(_, at, _)| *at == row) {
                for pixel in first * PIXELS..(first + length) * PIXELS {
                    line[pixel / 8] &= !(0x80 >> (pixel % 8));
                }
            }
            for _ in 0..PIXELS {
                rows.push(0);
                rows.extend_from_slice(&line);
            }
        }
        let size = u32::try_from(pixels).unwrap_or(u32::MAX).to_be_bytes();
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing to memory does not fail.
        let _ = packed.write_all(&rows);
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        chunk(&mut png, b"IHDR", &[&size[..], &size, &[1, 0, 0, 0, 0]].concat());
        chunk(&mut png, b"IDAT", &packed.finish().unwrap_or_default());
        chunk(&mut png, b"IEND", &[]);
        png
    }
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    png.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
    png.extend_from_slice(kind);
    png.extend_from_slice(content);
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(content);
    png.extend_from_slice(&crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_and_has_its_three_eyes() {
        let scan = Scan::new("https://shiyin.example.org/v/SY-0123-4567-89AB-CDEF-G").unwrap();
        let is_dark = |column: usize, row: usize| scan.dark[row * scan.width + column];
        for (column, row) in [(0, 0), (scan.width - 7, 0), (0, scan.width - 7)] {
            assert!((0..7).all(|n| is_dark(column + n, row) && is_dark(column, row + n)));
            assert!(!is_dark(column + 1, row + 1) && is_dark(column + 3, row + 3));
        }
        let dark: usize = scan.runs().iter().map(|(_, _, length)| length).sum();
        assert_eq!(dark, scan.dark.iter().filter(|dark| **dark).count());
        assert!(scan.svg().contains("shape-rendering"));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(Scan::new(&"x".repeat(4000)), Err(ScanFault));
    }
}
