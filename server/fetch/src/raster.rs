//! Pictures from outside, decoded and made anew as small PNGs.
//!
//! What comes out holds pixels only: no metadata, no script, no second file hidden behind the first. Vector graphics are
//! documents with scripts and links of their own, and are not taken.

use std::{io::Cursor, sync::Arc};

use image::{DynamicImage, ImageFormat, ImageReader, Limits, imageops::FilterType};
use portal_core::ports::{CLIENT_LOGO_SIDE_MAX, FetchError};
use tokio::sync::Semaphore;

/// Largest picture that is unpacked, in pixels on a side.
pub const PICTURE_SIDE_MAX: u32 = 2_048;
/// Pictures decoded at once: each may take [`MEMORY_BYTES_MAX`].
pub const DECODED_AT_ONCE_MAX: usize = 2;
/// Most memory that decoding one picture may take, in bytes: all pixels twice.
const MEMORY_BYTES_MAX: u64 = 32 * 1_024 * 1_024;

/// Makes small PNGs, a few at a time, off the threads that answer requests.
pub(crate) struct Rasterizer(Arc<Semaphore>);

impl Default for Rasterizer {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(DECODED_AT_ONCE_MAX)))
    }
}

impl Rasterizer {
    /// The picture of this content type as a PNG of at most [`CLIENT_LOGO_SIDE_MAX`] pixels on a side, its shape kept.
    /// Refuses while all places are taken: a page without a logo is better than one that waits.
    ///
    /// # Errors
    /// [`FetchError::NotPicture`], or [`FetchError::Overloaded`].
    pub(crate) async fn png(&self, kind: &str, bytes: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        let format = format_of(kind).ok_or(FetchError::NotPicture)?;
        let place = Arc::clone(&self.0).try_acquire_owned().map_err(|_| FetchError::Overloaded)?;
        // The place is given back by the work itself, which goes on when nobody waits for it any more.
        let work = tokio::task::spawn_blocking(move || {
            let png = converted(format, bytes);
            drop(place);
            png
        });
        work.await.map_err(|error| {
            tracing::error!(%error, "decoding a picture failed");
            FetchError::NotPicture
        })?
    }
}

fn format_of(kind: &str) -> Option<ImageFormat> {
    match kind {
        "image/png" => Some(ImageFormat::Png),
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/webp" => Some(ImageFormat::WebP),
        "image/gif" => Some(ImageFormat::Gif),
        _ => None,
    }
}

/// The first picture of the file. The bytes must be what the content type says: nothing is guessed.
fn converted(format: ImageFormat, bytes: Vec<u8>) -> Result<Vec<u8>, FetchError> {
    let unusable = |error: image::ImageError| {
        tracing::debug!(%error, "a picture cannot be used");
        FetchError::NotPicture
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(PICTURE_SIDE_MAX);
    limits.max_image_height = Some(PICTURE_SIDE_MAX);
    limits.max_alloc = Some(MEMORY_BYTES_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(unusable)?;
    let small = if picture.width().max(picture.height()) > CLIENT_LOGO_SIDE_MAX {
        picture.resize(CLIENT_LOGO_SIDE_MAX, CLIENT_LOGO_SIDE_MAX, FilterType::Triangle)
    } else {
        picture
    };
    let mut png = Cursor::new(Vec::new());
    // One pixel format for all: no palette, no 16 bits, no colour profile.
    DynamicImage::ImageRgba8(small.into_rgba8()).write_to(&mut png, ImageFormat::Png).map_err(unusable)?;
    Ok(png.into_inner())
}
