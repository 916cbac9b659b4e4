//! Pictures of clients.

use std::sync::Arc;

use portal_core::{
    oauth::records::{ClientLogo, LogoId},
    ports::Store,
};

use super::fixtures::{at, read, write};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\xff";

fn id_of(client: &str) -> String {
    format!("https://{client}.example.org/client.json")
}

fn logo(client: &str, png: &[u8], fetched_ms: i64) -> ClientLogo {
    ClientLogo {
        client_id: id_of(client),
        uri: format!("https://{client}.example.org/logo.png"),
        id: LogoId::of(png),
        fetched_at: at(fetched_ms),
        fresh_until: at(fetched_ms + 100),
    }
}

pub async fn a_logo_comes_back_as_it_went(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for client in ["a", "b"] {
        tx.client_logo_put(&logo(client, PNG, 1), PNG, 10).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut reader = read(&store).await;
    let (a, b, none) = (id_of("a"), id_of("b"), id_of("none"));
    let found = reader.client_logo_list(&[&b, &none, &a]).await.unwrap();
    assert_eq!(found, [logo("a", PNG, 1), logo("b", PNG, 1)]);
    assert_eq!(reader.client_logo_list(&[]).await.unwrap(), []);
    // Two clients may have the same picture.
    assert_eq!(reader.client_logo_picture(&LogoId::of(PNG)).await.unwrap().as_deref(), Some(PNG));
    assert_eq!(reader.client_logo_picture(&LogoId::of(b"other")).await.unwrap(), None);
}

pub async fn a_logo_is_replaced_and_deleted(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    tx.client_logo_put(&logo("a", PNG, 1), PNG, 10).await.unwrap();
    tx.client_logo_put(&logo("a", b"new", 2), b"new", 10).await.unwrap();
    assert_eq!(tx.client_logo_list(&[&id_of("a")]).await.unwrap(), [logo("a", b"new", 2)]);
    assert_eq!(tx.client_logo_picture(&LogoId::of(PNG)).await.unwrap(), None);
    assert!(tx.client_logo_delete(&id_of("a")).await.unwrap());
    assert!(!tx.client_logo_delete(&id_of("a")).await.unwrap());
    assert_eq!(tx.client_logo_picture(&LogoId::of(b"new")).await.unwrap(), None);
}

pub async fn the_oldest_logos_go(store: Arc<dyn Store>) {
    let mut tx = write(&store).await;
    for (client, fetched) in [("a", 3), ("b", 1), ("c", 2), ("d", 4)] {
        tx.client_logo_put(&logo(client, PNG, fetched), PNG, 3).await.unwrap();
    }
    for (client, there) in [("a", true), ("b", false), ("c", true), ("d", true)] {
        assert_eq!(
            tx.client_logo_list(&[&id_of(client)]).await.unwrap().len(),
            usize::from(there),
            "{client}"
        );
    }
    // The one just put stays, however old it is.
    tx.client_logo_put(&logo("e", PNG, 0), PNG, 1).await.unwrap();
    for (client, there) in [("a", false), ("d", false), ("e", true)] {
        assert_eq!(
            tx.client_logo_list(&[&id_of(client)]).await.unwrap().len(),
            usize::from(there),
            "{client}"
        );
    }
}
