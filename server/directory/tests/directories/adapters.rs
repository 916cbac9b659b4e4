//! Every kind behind one door.

use std::sync::Arc;

use portal_core::{ports::DirectoryError, secret::Secret};
use portal_directory::{
    AdapterContext, AdapterOptions, Selection,
    custom::{CustomOptions, CustomSource},
    file::{FileOptions, FileTarget},
    okta::{OktaCredential, OktaGroupType, OktaOptions},
};
use portal_testkit::{
    MockClock, SeededRng,
    directories::{APP_CERTIFICATE, APP_KEY, FakeAnswer, FakeApi, FakeRequest, FakeServer},
};
use url::Url;

use super::reads::{read_all, transport};

/// A web server with one file that names another.
struct Files;

impl FakeApi for Files {
    fn answer(&self, request: &FakeRequest, _: &Url) -> FakeAnswer {
        let user = |name: &str| {
            format!(
                "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec: {{memberOf: []}}\n"
            )
        };
        match request.path.as_str() {
            "/all.yaml" => {
                let location = "---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: x}\nspec: {target: ./more.yaml}\n";
                FakeAnswer::text(200, &format!("{}{location}", user("ada")))
            }
            "/more.yaml" => FakeAnswer::text(200, &user("bob")),
            _ => FakeAnswer::text(404, "no"),
        }
    }
}

fn context() -> AdapterContext {
    AdapterContext {
        transport: transport(),
        clock: Arc::new(MockClock::default()),
        rng: Arc::new(SeededRng::default()),
    }
}

fn okta(private_key: &str) -> AdapterOptions {
    AdapterOptions::Okta(OktaOptions {
        url: Url::parse("https://acme.okta.com").unwrap(),
        credential: OktaCredential::PrivateKey {
            client_id: "0oa1".to_owned(),
            key_id: None,
            private_key: Secret::new(private_key),
        },
        group_types: OktaGroupType::ALL.to_vec(),
        locked_out_is_active: true,
        login: portal_directory::LoginForm::LocalPart,
        selection: Selection::default(),
        webhook_secret: None,
        webhook_header: "authorization".to_owned(),
    })
}

#[tokio::test]
async fn a_file_at_an_address_is_read_on_the_way_to_providers() {
    let server = FakeServer::start(Arc::new(Files)).await;
    let open = |path: &str| {
        let target = FileTarget::Url(server.base.join(path).unwrap());
        let selection = Selection::default();
        let options = FileOptions { target, namespace: "default".to_owned(), selection };
        AdapterOptions::File(options).open(&context()).unwrap()
    };
    let taken = read_all(&*open("all.yaml")).await.unwrap();
    assert_eq!(taken.active().into_iter().collect::<Vec<_>>(), ["ada", "bob"]);
    let gone = read_all(&*open("gone.yaml")).await;
    assert!(matches!(gone, Err(DirectoryError::NotFound(_))), "{gone:?}");
}

#[tokio::test]
async fn options_that_cannot_be_used_name_their_key() {
    assert_eq!(okta(APP_KEY).verify(), Ok(()));
    assert!(okta(APP_KEY).open(&context()).unwrap().has_delta());
    for wrong in ["", "secret", APP_CERTIFICATE] {
        let fault = okta(wrong).verify().unwrap_err();
        assert_eq!(fault.key, "private_key");
        assert!(wrong.is_empty() || !fault.to_string().contains(wrong));
        assert_eq!(okta(wrong).open(&context()).err(), Some(fault));
    }
    let custom = |url: &str| {
        AdapterOptions::Custom(CustomOptions {
            source: CustomSource::Endpoint { url: Url::parse(url).unwrap(), token: None },
            delta: false,
            webhook_secret: None,
            selection: Selection::default(),
        })
    };
    assert!(!custom("https://hr.example.com/").has_delta());
    assert!(custom("https://hr.example.com/").open(&context()).is_ok());
    assert!(custom("http://hr.example.com/").open(&context()).is_err(), "a token would be sent in the open");
}
