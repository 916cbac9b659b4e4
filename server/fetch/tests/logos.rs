//! Pictures of clients: what is taken, and what comes out of it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it cannot go on")]

mod support;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use portal_core::ports::{CLIENT_LOGO_BYTES_MAX, CLIENT_LOGO_SIDE_MAX, DocumentFetcher as _, FetchError};
use portal_fetch::{FetchOptions, HardenedFetcher, PICTURE_SIDE_MAX};
use support::{Script, Server, Then, impatient_fetcher, loopback_fetcher};

fn answer(kind: &str, body: &[u8]) -> Script {
    let head = format!(
        "HTTP/1.1 200 OK\nContent-Type: {kind}\nCache-Control: max-age=60\nContent-Length: {}",
        body.len()
    );
    Script::new(&head, body)
}

async fn fetch(kind: &str, body: &[u8]) -> Result<Vec<u8>, FetchError> {
    let server = Server::plain(answer(kind, body)).await;
    loopback_fetcher().fetch_logo(&server.url("/logo")).await.map(|logo| logo.png)
}

fn picture(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgba8(RgbaImage::from_pixel(width, height, Rgba([200, 30, 90, 255])))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn size(png: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory_with_format(png, ImageFormat::Png).unwrap();
    (picture.width(), picture.height())
}

/// The same file with another size in its header, and a checksum that fits.
fn resized_header(mut png: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = png[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8)
            .fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (0_u32.wrapping_sub(crc & 1))))
    });
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

#[tokio::test]
async fn every_raster_comes_out_as_a_small_png() {
    let opaque = DynamicImage::ImageRgb8(picture(640, 320).into_rgb8());
    for (kind, format, picture) in [
        ("image/png", ImageFormat::Png, picture(640, 320)),
        ("image/webp", ImageFormat::WebP, picture(640, 320)),
        ("image/gif", ImageFormat::Gif, picture(640, 320)),
        ("Image/JPEG; x=y", ImageFormat::Jpeg, opaque),
    ] {
        let png = fetch(kind, &encoded(&picture, format)).await.unwrap();
        assert_eq!(size(&png), (CLIENT_LOGO_SIDE_MAX, CLIENT_LOGO_SIDE_MAX / 2), "{kind}");
    }
    let small = fetch("image/png", &encoded(&picture(16, 16), ImageFormat::Png)).await.unwrap();
    assert_eq!(size(&small), (16, 16), "small ones are not blown up");
}

#[tokio::test]
async fn nothing_but_pixels_comes_through() {
    let mut bytes = encoded(&picture(8, 8), ImageFormat::Png);
    bytes.extend_from_slice(b"<script>alert(1)</script>");
    let png = fetch("image/png", &bytes).await.unwrap();
    assert!(!png.windows(7).any(|part| part == b"<script"));
}

#[tokio::test]
async fn what_is_no_raster_is_none() {
    let png = encoded(&picture(8, 8), ImageFormat::Png);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".as_slice();
    for (kind, body) in [
        ("image/svg+xml", svg),
        ("image/png", svg),
        ("text/html", &png),
        ("application/octet-stream", &png),
        ("image/jpeg", &png),
        ("image/png\nContent-Type: image/gif", &png),
        ("image/png", b"".as_slice()),
        ("image/png", &png[..png.len() / 2]),
    ] {
        assert_eq!(fetch(kind, body).await, Err(FetchError::NotPicture), "{kind}");
    }
}

#[tokio::test]
async fn bombs_do_not_go_off() {
    let small = encoded(&picture(1, 1), ImageFormat::Png);
    assert!(fetch("image/png", &resized_header(small.clone(), 1, 1)).await.is_ok(), "the checksum is right");
    for (width, height) in [(60_000, 60_000), (PICTURE_SIDE_MAX + 1, 1), (1, u32::from(u16::MAX))] {
        let bomb = resized_header(small.clone(), width, height);
        assert_eq!(fetch("image/png", &bomb).await, Err(FetchError::NotPicture), "{width}x{height}");
    }
    let wide = encoded(&picture(PICTURE_SIDE_MAX + 1, 1), ImageFormat::Gif);
    assert_eq!(fetch("image/gif", &wide).await, Err(FetchError::NotPicture));
    // The largest that is taken: 16 MiB of pixels out of a few kilobytes.
    let large = encoded(&picture(PICTURE_SIDE_MAX, PICTURE_SIDE_MAX), ImageFormat::Png);
    assert!(large.len() < CLIENT_LOGO_BYTES_MAX);
    assert_eq!(
        size(&fetch("image/png", &large).await.unwrap()),
        (CLIENT_LOGO_SIDE_MAX, CLIENT_LOGO_SIDE_MAX)
    );
    // The same data under a header that promises one pixel.
    let hidden = resized_header(large, 1, 1);
    assert_eq!(size(&fetch("image/png", &hidden).await.unwrap()), (1, 1));
}

#[tokio::test]
async fn a_picture_has_the_same_guard_as_a_document() {
    let png = encoded(&picture(8, 8), ImageFormat::Png);
    let server = Server::plain(answer("image/png", &png)).await;
    let public = HardenedFetcher::new(&FetchOptions::default()).unwrap();
    for address in
        [server.url("/logo"), "https://127.0.0.1/logo".to_owned(), "https://169.254.169.254/".to_owned()]
    {
        let result = public.fetch_logo(&address).await;
        assert!(matches!(result, Err(FetchError::Refused(_))), "{address}: {result:?}");
    }
    assert!(server.asked().is_empty());
    let fetcher = loopback_fetcher();
    let logo = fetcher.fetch_logo(&server.url("/logo")).await.unwrap();
    assert_eq!(logo.fresh_for_seconds, Some(60));
    assert_eq!(fetcher.fetch_logo(&server.url("/logo")).await, Err(FetchError::Overloaded), "governed");

    let moved = format!("HTTP/1.1 302 Found\nLocation: {}\nContent-Length: 0", server.url("/other"));
    let moving = Server::plain(Script::new(&moved, b"")).await;
    assert_eq!(fetcher.fetch_logo(&moving.url("/logo")).await, Err(FetchError::Status(302)));
    assert_eq!(server.asked().len(), 1, "nothing is followed");
}

#[tokio::test]
async fn a_picture_is_bounded_in_size_and_time() {
    let large = vec![0; CLIENT_LOGO_BYTES_MAX + 1];
    assert_eq!(fetch("image/png", &large).await, Err(FetchError::TooLarge(CLIENT_LOGO_BYTES_MAX)));
    let endless = Script::new("HTTP/1.1 200 OK\nContent-Type: image/png", b"").then(Then::Repeat(0));
    let server = Server::plain(endless).await;
    let result = loopback_fetcher().fetch_logo(&server.url("/logo")).await;
    assert_eq!(result, Err(FetchError::TooLarge(CLIENT_LOGO_BYTES_MAX)));
    let silent = Server::plain(Script { bytes: Vec::new(), then: Then::Stall }).await;
    let result = impatient_fetcher().fetch_logo(&silent.url("/logo")).await;
    assert_eq!(result, Err(FetchError::Timeout));
}
