//! Embeds the site: writes a table of everything below the site folder into `OUT_DIR/site.rs`.
//!
//! The folder is `PORTAL_SITE_DIR`, else `target/site` of the workspace. Without a site only `public/` is embedded, so
//! that the tests need none; pages then have neither stylesheet nor islands.

use std::error::Error;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Digits of the content hash in a hashed file name: `portal.0123456789abcdef.css`.
const HASH_DIGITS: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PORTAL_SITE_DIR");
    let mut site = site_folder()?;
    // An absent path would make cargo run this script every time.
    fs::create_dir_all(&site)?;
    println!("cargo::rerun-if-changed={}", site.display());

    let mut files = files_below(&site)?;
    if files.is_empty() {
        println!(
            "cargo::warning=no site in {}: pages will be plain; `cargo xtask build` makes both",
            site.display()
        );
        site = workspace()?.join("public");
        println!("cargo::rerun-if-changed={}", site.display());
        files = files_below(&site)?;
    }
    files.sort();
    let table = render(&site, &files)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("site.rs"), table)?;
    Ok(())
}

fn site_folder() -> Result<PathBuf, Box<dyn Error>> {
    if let Some(folder) = env::var_os("PORTAL_SITE_DIR") {
        return Ok(folder.into());
    }
    Ok(workspace()?.join("target/site"))
}

fn workspace() -> Result<PathBuf, Box<dyn Error>> {
    let server = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    Ok(server.parent().unwrap_or(&server).to_path_buf())
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn render(site: &Path, files: &[PathBuf]) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("static FILES: &[File] = &[\n");
    let (mut css, mut js, mut wasm) = (None, None, None);
    for file in files {
        let address = address(site, file)?;
        let Some(content_type) = content_type(&address) else { continue };
        let hashed = is_hashed(&address);
        if hashed && address.starts_with("/assets/portal.") {
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("css") => css = Some(address.clone()),
                Some("js") => js = Some(address.clone()),
                Some("wasm") => wasm = Some(address.clone()),
                _ => {}
            }
        }
        let bytes = fs::read(file)?;
        writeln!(
            table,
            "    File {{ path: {address:?}, content_type: {content_type:?}, immutable: {hashed}, etag: \"{}\", \
             plain: {}, brotli: {}, gzip: {} }},",
            etag(&bytes),
            include(file)?,
            include_beside(file, "br")?,
            include_beside(file, "gz")?,
        )?;
    }
    writeln!(table, "];")?;
    writeln!(table, "static PATHS: AssetPaths = AssetPaths {{ css: {css:?}, js: {js:?}, wasm: {wasm:?} }};")?;
    Ok(table)
}

fn address(site: &Path, file: &Path) -> Result<String, Box<dyn Error>> {
    let mut address = String::new();
    for part in file.strip_prefix(site)?.components() {
        address.push('/');
        address.push_str(part.as_os_str().to_str().ok_or("a file name in the site is not UTF-8")?);
    }
    Ok(address)
}

/// The type of a file that is served; `None` for precompressed copies and for the manifest.
fn content_type(address: &str) -> Option<&'static str> {
    let (_, extension) = address.rsplit_once('.')?;
    match extension {
        "css" => Some("text/css; charset=utf-8"),
        "ico" => Some("image/x-icon"),
        "js" => Some("text/javascript; charset=utf-8"),
        "png" => Some("image/png"),
        "svg" => Some("image/svg+xml"),
        "txt" => Some("text/plain; charset=utf-8"),
        "wasm" => Some("application/wasm"),
        "webmanifest" => Some("application/manifest+json"),
        "woff2" => Some("font/woff2"),
        _ => None,
    }
}

fn is_hashed(address: &str) -> bool {
    let mut parts = address.rsplit('.');
    let hash = parts.nth(1).unwrap_or_default();
    parts.next().is_some() && hash.len() == HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Tells two contents of one address apart; it guards nothing.
fn etag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("\\\"{:016x}\\\"", hasher.finish())
}

fn include_beside(file: &Path, suffix: &str) -> Result<String, Box<dyn Error>> {
    let copy = PathBuf::from(format!("{}.{suffix}", file.display()));
    Ok(if copy.is_file() { format!("Some({})", include(&copy)?) } else { "None".to_owned() })
}

fn include(file: &Path) -> Result<String, Box<dyn Error>> {
    let path = file.to_str().ok_or("the site folder's path is not UTF-8")?;
    Ok(format!("include_bytes!({path:?})"))
}
