//! Pictures of clients.

use portal_core::{
    oauth::records::{ClientLogo, LogoId},
    ports::StoreError,
};

use crate::{
    row::Row, sql_builder::SqlBuilder, statement::statements, transaction::SqlTransaction, value::values,
};

statements! {
    CLIENT_LOGO_PICTURE = "SELECT png FROM client_logos WHERE id = $1 LIMIT 1";
    CLIENT_LOGO_PUT = "INSERT INTO client_logos (client_id, uri, id, png, fetched_at, fresh_until)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (client_id) DO UPDATE
        SET uri = excluded.uri, id = excluded.id, png = excluded.png, fetched_at = excluded.fetched_at,
            fresh_until = excluded.fresh_until";
    CLIENT_LOGO_TRIM = "DELETE FROM client_logos
        WHERE client_id <> $1 AND client_id NOT IN
            (SELECT o.client_id FROM client_logos o WHERE o.client_id <> $1
            ORDER BY o.fetched_at DESC, o.client_id LIMIT $2)";
    CLIENT_LOGO_DELETE = "DELETE FROM client_logos WHERE client_id = $1";
}

pub(super) async fn list(
    store: &mut SqlTransaction,
    client_ids: &[&str],
) -> Result<Vec<ClientLogo>, StoreError> {
    if client_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut builder = SqlBuilder::new("CLIENT_LOGO_LIST");
    builder
        .sql("SELECT client_id, uri, id, fetched_at, fresh_until FROM client_logos WHERE client_id IN (")
        .list(client_ids.iter().copied())
        .sql(") ORDER BY client_id");
    store.fetch_built(builder.once()).await?.iter().map(logo).collect()
}

pub(super) async fn picture(store: &mut SqlTransaction, id: &LogoId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = store.fetch_optional(&CLIENT_LOGO_PICTURE, values![id.as_str()]).await?;
    row.as_ref().map(Row::single).transpose()
}

pub(super) async fn put(
    store: &mut SqlTransaction,
    logo: &ClientLogo,
    png: &[u8],
    keep: u32,
) -> Result<(), StoreError> {
    let values =
        values![&logo.client_id, &logo.uri, logo.id.as_str(), png, logo.fetched_at, logo.fresh_until];
    store.execute(&CLIENT_LOGO_PUT, values).await?;
    let others = keep.saturating_sub(1);
    store.execute(&CLIENT_LOGO_TRIM, values![&logo.client_id, others]).await.map(drop)
}

pub(super) async fn delete(store: &mut SqlTransaction, client_id: &str) -> Result<bool, StoreError> {
    store.execute_one(&CLIENT_LOGO_DELETE, values![client_id]).await
}

fn logo(row: &Row) -> Result<ClientLogo, StoreError> {
    let mut columns = row.columns();
    Ok(ClientLogo {
        client_id: columns.take()?,
        uri: columns.take()?,
        id: columns.word(LogoId::parse)?,
        fetched_at: columns.take()?,
        fresh_until: columns.take()?,
    })
}
