//! Descriptors, read through the port.

use std::{collections::HashMap, fs, path::PathBuf, sync::Arc};

use super::reads::{event, read_all};
use async_trait::async_trait;
use portal_core::{
    org::{GroupId, Subject},
    ports::{
        DirectoryClient, DirectoryCursor, DirectoryError, DirectoryEventError, DirectoryNext, DirectoryRead,
        FetchError, LocationReader, PersonKey, PersonNow,
    },
};
use portal_directory::{
    FileAndUrlReader, Options, Selection, TextSource,
    file::{FileDirectory, FileOptions, FileTarget},
};
use tempfile::TempDir;
use url::Url;

struct Pages(HashMap<String, Result<String, FetchError>>);

#[async_trait]
impl TextSource for Pages {
    async fn text(&self, url: &Url, _: usize) -> Result<String, FetchError> {
        self.0.get(url.as_str()).cloned().unwrap_or(Err(FetchError::Status(404)))
    }
}

fn reader(pages: HashMap<String, Result<String, FetchError>>) -> Arc<dyn LocationReader> {
    let options = Options { allowed_hosts: vec!["people.example.org".to_owned()] };
    Arc::new(FileAndUrlReader::new(&options, Arc::new(Pages(pages))))
}

fn options(target: FileTarget) -> FileOptions {
    FileOptions { target, namespace: "default".to_owned(), selection: Selection::default() }
}

struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn client(&self) -> FileDirectory {
        FileDirectory::new(options(FileTarget::Folder(self.0.path().to_owned())), reader(HashMap::new()))
    }
}

fn user(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: {name}\nspec:\n  profile: {{email: {name}@acme.example}}\n  memberOf: [staff]\n{more}"
    )
}

fn group(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n  type: team\n  children: []\n{more}"
    )
}

#[tokio::test]
async fn a_folder_brings_people_groups_and_their_tree() {
    let component = "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: x}\nspec: {type: service, lifecycle: production, owner: staff}\n";
    let folder = Folder::new(&[
        ("people/ada.yaml", &user("Ada", "").replace("name: Ada\n", "name: Ada\n  uid: u-1\n  title: Ada L\n  annotations: {github.com/user-login: ada, backstage.io/managed-by-location: 'x:y'}\n")),
        ("people/more.yml", &[user("bob", ""), user("cyd", "")].concat()),
        ("teams.yaml", &[group("staff", ""), group("pay", "  parent: staff\n  members: [Ada, user:default/bob, ghost]\n"), component.to_owned()].concat()),
        ("notes.txt", "not: read"),
        (".hidden/x.yaml", "also: not"),
    ]);
    let client = folder.client();
    let taken = read_all(&client).await.unwrap();
    assert_eq!(taken.active().into_iter().collect::<Vec<_>>(), ["Ada", "bob", "cyd"]);
    let ada = &taken.people["u-1"];
    assert_eq!(ada.display_name.as_deref(), Some("Ada L"));
    assert_eq!(
        ada.annotations.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>(),
        [("github.com/user-login", "ada")]
    );
    assert!(!ada.email.as_ref().unwrap().verified);
    assert_eq!(taken.members("staff").into_iter().collect::<Vec<_>>(), ["Ada", "bob", "cyd"]);
    assert_eq!(taken.members("pay").into_iter().collect::<Vec<_>>(), ["Ada", "bob"]);
    assert_eq!(taken.groups["pay"].parent, Some(GroupId("staff".to_owned())));
    assert!(!client.has_delta());
    let PersonNow::Known { person, groups } =
        client.person(&PersonKey::Login("ada".to_owned())).await.unwrap()
    else {
        panic!("gone")
    };
    assert_eq!(person.subject, Subject("u-1".to_owned()));
    assert_eq!(groups, Some(vec![GroupId("pay".to_owned()), GroupId("staff".to_owned())]));
    let gone = client.person(&PersonKey::Subject(Subject("u-2".to_owned()))).await;
    assert_eq!(gone, Ok(PersonNow::Gone));
    let report = client.check().await.unwrap();
    assert_eq!(
        report.permissions[0].permission,
        "read every file and entity: 3 people, 0 left out, 2 groups"
    );
}

#[tokio::test]
async fn only_a_status_of_active_or_none_lets_anyone_in() {
    let statuses = [
        "active",
        "suspended",
        "disabled",
        "deleted",
        "invited",
        "guest",
        "bot",
        "Active",
        "enabled",
        "true",
        "[active]",
        "''",
    ];
    let text: String = (0..)
        .zip(statuses)
        .map(|(number, status)| user(&format!("u{number}"), &format!("  status: {status}\n")))
        .collect();
    let folder = Folder::new(&[("all.yaml", &(text + &user("plain", "")))]);
    let taken = read_all(&folder.client()).await.unwrap();
    assert_eq!(taken.active().into_iter().collect::<Vec<_>>(), ["plain", "u0"]);
    insta::assert_json_snapshot!(taken.excluded(), @r###"
    {
      "u1": "suspended: suspended",
      "u10": "unknown-status: spec.status: [\"active\"]",
      "u11": "unknown-status: ",
      "u2": "disabled: disabled",
      "u3": "deleted: deleted",
      "u4": "not-yet-active: invited",
      "u5": "guest: guest",
      "u6": "bot: bot",
      "u7": "unknown-status: Active",
      "u8": "unknown-status: enabled",
      "u9": "unknown-status: spec.status: true"
    }
    "###);
}

async fn fault(files: &[(&str, &str)]) -> String {
    read_all(&Folder::new(files).client()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_fault_anywhere_fails_the_read_and_is_named() {
    let good = user("ada", "");
    let faults = [
        fault(&[("a.yaml", &good), ("b.yaml", "kind: [\n")]).await,
        fault(&[("a.yaml", &good), ("b.yaml", &user("not a name", ""))]).await,
        fault(&[("a.yaml", &good), ("b.yaml", &good)]).await,
        fault(&[("a.yaml", &good), ("b.yaml", &user("bob", "").replace("name: bob\n", "name: bob\n  uid: ada\n"))]).await,
        fault(&[("a.yaml", &user("bob", "").replace("name: bob\n", "name: bob\n  namespace: other\n"))]).await,
        fault(&[("a.yaml", "---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: x}\nspec: {targets: [./gone.yaml]}\n")]).await,
    ];
    insta::assert_snapshot!(faults.join("\n"), @r#"
    the provider's answer cannot be used: b.yaml line 2: not well-formed YAML: while parsing a node, did not find expected node content
    the provider's answer cannot be used: b.yaml line 5: metadata.name "not a name" is not allowed; expected 1 to 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends and no space
    the provider's answer cannot be used: b.yaml line 2: the id "ada" (metadata.uid, else the name) stands in a.yaml line 2 already
    the provider's answer cannot be used: b.yaml line 2: the id "ada" (metadata.uid, else the name) stands in a.yaml line 2 already
    the provider's answer cannot be used: a.yaml line 2: metadata.namespace is "other"; expected "default", the provider's, or nothing
    the provider does not know what the configuration names: ./gone.yaml could not be read: there is no such file
    "#);
    let missing = FileTarget::Folder(PathBuf::from("/nonexistent/people"));
    let error = read_all(&FileDirectory::new(options(missing), reader(HashMap::new()))).await.unwrap_err();
    assert!(matches!(error, DirectoryError::NotFound(_)), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn links_that_lead_out_of_the_folder_are_refused() {
    let outside = Folder::new(&[("secret.yaml", &user("eve", ""))]);
    let folder = Folder::new(&[("a.yaml", &user("ada", ""))]);
    std::os::unix::fs::symlink(outside.path("secret.yaml"), folder.path("leak.yaml")).unwrap();
    let error = read_all(&folder.client()).await.unwrap_err();
    assert!(matches!(error, DirectoryError::Forbidden(_)), "{error}");
}

#[tokio::test]
async fn an_address_is_read_with_the_files_that_it_names() {
    let all = "https://people.example.org/all.yaml";
    let location = "---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: x}\nspec: {targets: [./b.yaml, ./b.yaml, ./all.yaml]}\n";
    let pages = |b: Result<String, FetchError>| {
        HashMap::from([
            (all.to_owned(), Ok([user("ada", ""), location.to_owned()].concat())),
            ("https://people.example.org/b.yaml".to_owned(), b),
        ])
    };
    let client = |b| FileDirectory::new(options(FileTarget::Url(Url::parse(all).unwrap())), reader(pages(b)));
    let taken = read_all(&client(Ok(user("bob", "")))).await.unwrap();
    assert_eq!(taken.active().into_iter().collect::<Vec<_>>(), ["ada", "bob"]);
    let error = read_all(&client(Err(FetchError::Timeout))).await.unwrap_err();
    assert!(matches!(error, DirectoryError::Outage(_)), "{error}");
    let error = read_all(&client(Err(FetchError::Status(404)))).await.unwrap_err();
    assert!(matches!(error, DirectoryError::NotFound(_)), "{error}");
    let elsewhere = location.replace("./b.yaml", "https://evil.example/b.yaml");
    let error = read_all(&client(Ok(elsewhere))).await.unwrap_err();
    assert!(matches!(error, DirectoryError::Forbidden(_)), "{error}");
}

#[tokio::test]
async fn the_rules_of_the_configuration_hold() {
    let folder = Folder::new(&[(
        "a.yaml",
        &[
            user("ada", ""),
            user("bob", "").replace("bob@acme", "bob@other"),
            group("staff", ""),
            group("pay", "  members: [ada]\n"),
        ]
        .concat(),
    )]);
    let selection = Selection {
        email_domains: vec!["acme.example".to_owned()],
        verified_domains: vec!["acme.example".to_owned()],
        groups: vec!["pay".to_owned()],
    };
    let options = FileOptions { selection, ..options(FileTarget::Folder(folder.0.path().to_owned())) };
    let taken = read_all(&FileDirectory::new(options, reader(HashMap::new()))).await.unwrap();
    assert!(taken.people["ada"].email.as_ref().unwrap().verified);
    assert_eq!(taken.excluded()["bob"], "filtered: address in other.example");
    assert_eq!(taken.groups.keys().collect::<Vec<_>>(), ["pay"]);
    assert_eq!(taken.memberships.len(), 1);
}

#[tokio::test]
async fn an_empty_folder_is_nobody_and_other_questions_have_no_answer() {
    let folder = Folder::new(&[]);
    let client = folder.client();
    let page = client.read(DirectoryRead::Full).await.unwrap();
    assert!(page.people.is_empty() && page.next == DirectoryNext::End(None));
    let cursor = DirectoryCursor("1".to_owned());
    for read in [DirectoryRead::Delta(cursor.clone()), DirectoryRead::Page(cursor)] {
        assert!(matches!(client.read(read).await, Err(DirectoryError::Unsupported(_))));
    }
    assert_eq!(client.event(event(&[], b"{}")), Err(DirectoryEventError::NotConfigured));
}
