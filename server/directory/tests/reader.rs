//! Locations are read inside their bounds.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use portal_core::{
    ingestion::{Target, yaml::PLACEHOLDER_BYTES_MAX},
    ports::{FetchError, LocationReader as _, ReadError},
};
use portal_directory::{FileAndUrlReader, Options, TextSource};
use tempfile::TempDir;
use url::Url;

#[derive(Default)]
struct Pages {
    texts: HashMap<String, String>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl TextSource for Pages {
    async fn text(&self, url: &Url, _: usize) -> Result<String, FetchError> {
        self.asked.lock().unwrap().push(url.to_string());
        match url.path() {
            "/large" => Err(FetchError::TooLarge(5)),
            path => self.texts.get(path).cloned().ok_or(FetchError::Status(404)),
        }
    }
}

fn reader(pages: &Arc<Pages>) -> FileAndUrlReader {
    let allowed_hosts = vec!["raw.example.org".to_owned(), "raw.githubusercontent.com".to_owned()];
    FileAndUrlReader::new(&Options { allowed_hosts }, Arc::<Pages>::clone(pages) as Arc<dyn TextSource>)
}

/// `outside.yaml` and, beside it, the folder `catalog` of a location.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("outside.yaml", "secret");
    write("catalog-two/a.yaml", "secret");
    write("catalog/all.yaml", "root");
    write("catalog/teams/pay.yaml", "pay");
    write("catalog/teams/deep/x.yaml", "x");
    folder
}

fn root(folder: &TempDir) -> Target {
    Target::File(folder.path().join("catalog/all.yaml").to_str().unwrap().to_owned())
}

async fn read(folder: &TempDir, base: Option<&str>, target: &str) -> Result<(String, String), ReadError> {
    let reader = reader(&Arc::default());
    reader.read(&root(folder), base, target).await.map(|file| (file.name, file.text))
}

#[tokio::test]
async fn files_are_named_relative_to_the_locations_folder() {
    let folder = folder();
    let Target::File(path) = root(&folder) else { unreachable!("a file") };
    let file = |name: &str, text: &str| Ok((name.to_owned(), text.to_owned()));
    assert_eq!(read(&folder, None, &path).await, file("all.yaml", "root"));
    assert_eq!(read(&folder, Some("all.yaml"), "./teams/pay.yaml").await, file("teams/pay.yaml", "pay"));
    assert_eq!(read(&folder, Some("teams/pay.yaml"), "deep/x.yaml").await, file("teams/deep/x.yaml", "x"));
    assert_eq!(read(&folder, Some("teams/deep/x.yaml"), "../../all.yaml").await, file("all.yaml", "root"));
}

#[tokio::test]
async fn nothing_outside_of_the_folder_is_read() {
    let folder = folder();
    let absolute = folder.path().join("outside.yaml");
    for target in [
        "../outside.yaml",
        "teams/../../outside.yaml",
        "../catalog-two/a.yaml",
        "..",
        absolute.to_str().unwrap(),
        "..\\outside.yaml",
        "a\0b",
        "",
        "file:///etc/passwd",
    ] {
        let error = read(&folder, Some("all.yaml"), target).await.unwrap_err();
        assert!(matches!(error, ReadError::Refused { .. }), "{target:?}: {error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_judged_by_where_they_lead() {
    use std::os::unix::fs::symlink;
    let folder = folder();
    let inside = |name: &str| folder.path().join("catalog").join(name);
    symlink(folder.path().join("outside.yaml"), inside("leak.yaml")).unwrap();
    symlink(folder.path(), inside("up")).unwrap();
    symlink(Path::new("teams/pay.yaml"), inside("alias.yaml")).unwrap();
    for target in ["leak.yaml", "up/outside.yaml"] {
        let error = read(&folder, Some("all.yaml"), target).await.unwrap_err();
        assert!(matches!(error, ReadError::Refused { .. }), "{target}: {error}");
    }
    let read = read(&folder, Some("all.yaml"), "alias.yaml").await;
    assert_eq!(read, Ok(("teams/pay.yaml".to_owned(), "pay".to_owned())));
}

#[tokio::test]
async fn only_texts_of_regular_files_within_the_size_are_taken() {
    let folder = folder();
    let write =
        |name: &str, bytes: &[u8]| fs::write(folder.path().join("catalog").join(name), bytes).unwrap();
    write("binary", &[0xff, 0xfe]);
    write("large", &vec![b'x'; PLACEHOLDER_BYTES_MAX + 1]);
    write("full", &vec![b'x'; PLACEHOLDER_BYTES_MAX]);
    for target in ["binary", "large", "teams"] {
        let error = read(&folder, Some("all.yaml"), target).await.unwrap_err();
        assert!(matches!(error, ReadError::Unusable { .. }), "{target}: {error}");
    }
    assert!(read(&folder, Some("all.yaml"), "full").await.is_ok());
    let missing = read(&folder, Some("all.yaml"), "nothing.yaml").await.unwrap_err();
    assert_eq!(missing.to_string(), "nothing.yaml could not be read: there is no such file");
}

#[tokio::test]
async fn addresses_are_resolved_and_read_from_allowed_hosts_only() {
    let pages = Arc::new(Pages {
        texts: HashMap::from([
            ("/a/all.yaml".to_owned(), "all".to_owned()),
            ("/a/b.yaml".to_owned(), "b".to_owned()),
            ("/acme/shop/main/x.yaml".to_owned(), "x".to_owned()),
        ]),
        ..Pages::default()
    });
    let reader = reader(&pages);
    let root = Target::Url("https://raw.example.org/a/all.yaml".to_owned());
    let all = reader.read(&root, None, "https://raw.example.org/a/all.yaml").await.unwrap();
    assert_eq!((all.name.as_str(), all.text.as_str()), ("https://raw.example.org/a/all.yaml", "all"));
    let b = reader.read(&root, Some(&all.name), "./b.yaml#part").await.unwrap();
    assert_eq!((b.name.as_str(), b.text.as_str()), ("https://raw.example.org/a/b.yaml", "b"));
    let page = "https://github.com/acme/shop/blob/main/x.yaml";
    let shown = reader.read(&root, Some(&all.name), page).await.unwrap();
    assert_eq!((shown.name.as_str(), shown.text.as_str()), (page, "x"));
    for target in [
        "https://other.example.org/x",
        "//other.example.org/x",
        "http://raw.example.org/x",
        "file:///etc/passwd",
    ] {
        let error = reader.read(&root, Some(&all.name), target).await.unwrap_err();
        assert!(matches!(error, ReadError::Refused { .. }), "{target}: {error}");
    }
    let large = reader.read(&root, Some(&all.name), "/large").await.unwrap_err();
    assert!(matches!(large, ReadError::Unusable { .. }), "{large}");
    let missing = reader.read(&root, Some(&all.name), "missing.yaml").await.unwrap_err();
    assert!(matches!(missing, ReadError::Unreachable { .. }), "{missing}");
    assert_eq!(
        *pages.asked.lock().unwrap(),
        [
            "https://raw.example.org/a/all.yaml",
            "https://raw.example.org/a/b.yaml",
            "https://raw.githubusercontent.com/acme/shop/main/x.yaml",
            "https://raw.example.org/large",
            "https://raw.example.org/a/missing.yaml",
        ]
    );
}

#[tokio::test]
async fn files_may_lead_to_addresses_but_not_addresses_to_files() {
    let folder = folder();
    let pages = Arc::new(Pages {
        texts: HashMap::from([("/x.yaml".to_owned(), "x".to_owned())]),
        ..Pages::default()
    });
    let reader = reader(&pages);
    let x = reader.read(&root(&folder), Some("all.yaml"), "https://raw.example.org/x.yaml").await.unwrap();
    assert_eq!(x.text, "x");
    // A name without a scheme that an address's file gives is an address again.
    let error = reader.read(&root(&folder), Some(&x.name), "teams/pay.yaml").await.unwrap_err();
    assert!(matches!(error, ReadError::Unreachable { .. }), "{error}");
}
