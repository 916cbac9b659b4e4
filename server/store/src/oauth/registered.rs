//! Registered clients, client assertions that were seen, and clients' pictures.

use async_trait::async_trait;
use portal_core::{
    oauth::{
        records::{ClientLogo, LogoId},
        registered::{ClientAuthentication, ClientRegistrar, RegisteredClient, RegisteredClientFilter},
    },
    ports::{
        StoreError,
        store::{ClientReads, ClientWrites},
    },
    secret::SecretHash,
    time::UnixMillis,
};

use super::logos;
use crate::{
    row::{Columns, Row},
    sql_builder::{Conditions, SqlBuilder, pattern_containing},
    statement::statements,
    transaction::SqlTransaction,
    value::{json, values},
};

/// The columns that [`client`] reads, of a table named `c`.
macro_rules! client_columns {
    () => {
        "c.client_id, c.name, c.redirect_uris, c.auth_method, c.secret_hash, c.refresh_grant, c.dynamic,
        c.registered_by, c.network, c.created_at, c.used_at"
    };
}

statements! {
    REGISTERED_CLIENT_BY_ID =
        concat!("SELECT ", client_columns!(), " FROM registered_clients c WHERE c.client_id = $1");
    REGISTERED_CLIENT_INSERT = "INSERT INTO registered_clients
        (client_id, name, search_key, redirect_uris, auth_method, secret_hash, refresh_grant, dynamic, registered_by,
        network, created_at, used_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT DO NOTHING";
    REGISTERED_CLIENT_SET_SECRET = "UPDATE registered_clients SET secret_hash = $2
        WHERE client_id = $1 AND secret_hash IS NOT NULL";
    REGISTERED_CLIENT_TOUCH = "UPDATE registered_clients SET used_at = $2
        WHERE client_id = $1 AND (used_at IS NULL OR used_at < $2)";
    REGISTERED_CLIENT_DELETE = "DELETE FROM registered_clients WHERE client_id = $1";
    REGISTERED_CLIENT_PRUNE = "DELETE FROM registered_clients WHERE client_id IN
        (SELECT c.client_id FROM registered_clients c WHERE c.dynamic AND COALESCE(c.used_at, c.created_at) < $1
        ORDER BY c.client_id LIMIT $2)";
    REGISTERED_CLIENT_EVICT = "DELETE FROM registered_clients WHERE client_id IN
        (SELECT c.client_id FROM registered_clients c WHERE c.dynamic AND c.used_at IS NULL
        ORDER BY c.created_at, c.client_id LIMIT $1)";
    REGISTERED_CLIENT_EVICT_BY_NETWORK = "DELETE FROM registered_clients WHERE client_id IN
        (SELECT c.client_id FROM registered_clients c WHERE c.dynamic AND c.used_at IS NULL AND c.network = $1
        ORDER BY c.created_at, c.client_id LIMIT $2)";
    ASSERTION_RECORD = "INSERT INTO client_assertions (hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    ASSERTION_PRUNE = "DELETE FROM client_assertions WHERE hash IN
        (SELECT a.hash FROM client_assertions a WHERE a.expires_at < $1 ORDER BY a.expires_at, a.hash LIMIT $2)";
}

#[async_trait]
impl ClientReads for SqlTransaction {
    async fn registered_client_by_id(
        &mut self,
        client_id: &str,
    ) -> Result<Option<RegisteredClient>, StoreError> {
        let row = self.fetch_optional(&REGISTERED_CLIENT_BY_ID, values![client_id]).await?;
        row.as_ref().map(client).transpose()
    }

    async fn registered_client_list(
        &mut self,
        filter: &RegisteredClientFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RegisteredClient>, StoreError> {
        let mut builder = SqlBuilder::new("REGISTERED_CLIENT_LIST");
        builder.sql(concat!("SELECT ", client_columns!(), " FROM registered_clients c"));
        if let Some(after) = after {
            builder
                .sql(" JOIN registered_clients a ON a.client_id = ")
                .value(after)
                .sql(" AND (c.created_at < a.created_at OR (c.created_at = a.created_at AND c.client_id > a.client_id))");
        }
        filter_conditions(&mut builder, filter);
        builder.sql(" ORDER BY c.created_at DESC, c.client_id LIMIT ").value(limit);
        self.fetch_built(builder.kept()).await?.iter().map(client).collect()
    }

    async fn registered_client_count(&mut self, filter: &RegisteredClientFilter) -> Result<i64, StoreError> {
        let mut builder = SqlBuilder::new("REGISTERED_CLIENT_COUNT");
        builder.sql("SELECT COUNT(*) FROM registered_clients c");
        filter_conditions(&mut builder, filter);
        self.fetch_built(builder.kept()).await?.first().map_or(Ok(0), Row::single)
    }

    async fn client_logo_list(&mut self, client_ids: &[&str]) -> Result<Vec<ClientLogo>, StoreError> {
        logos::list(self, client_ids).await
    }

    async fn client_logo_picture(&mut self, id: &LogoId) -> Result<Option<Vec<u8>>, StoreError> {
        logos::picture(self, id).await
    }
}

#[async_trait]
impl ClientWrites for SqlTransaction {
    async fn registered_client_insert(&mut self, client: &RegisteredClient) -> Result<bool, StoreError> {
        let (dynamic, registered_by, network) = match &client.registrar {
            ClientRegistrar::Admin(by) => (false, Some(by.as_str()), None),
            ClientRegistrar::Dynamic { address, network } => {
                (true, address.as_deref(), Some(network.as_str()))
            }
        };
        let values = values![
            &client.client_id,
            &client.name,
            format!("{}\n{}", client.client_id, client.name).to_lowercase(),
            json(&client.redirect_uris)?,
            client.authentication.method(),
            client.authentication.secret(),
            client.refresh_grant,
            dynamic,
            registered_by,
            network,
            client.created_at,
            client.used_at,
        ];
        self.execute_one(&REGISTERED_CLIENT_INSERT, values).await
    }

    async fn registered_client_set_secret(
        &mut self,
        client_id: &str,
        secret: &SecretHash,
    ) -> Result<bool, StoreError> {
        self.execute_one(&REGISTERED_CLIENT_SET_SECRET, values![client_id, secret]).await
    }

    async fn registered_client_touch(
        &mut self,
        client_id: &str,
        used_at: UnixMillis,
    ) -> Result<(), StoreError> {
        self.execute(&REGISTERED_CLIENT_TOUCH, values![client_id, used_at]).await.map(drop)
    }

    async fn registered_client_delete(&mut self, client_id: &str) -> Result<bool, StoreError> {
        self.execute_one(&REGISTERED_CLIENT_DELETE, values![client_id]).await
    }

    async fn registered_client_prune(
        &mut self,
        unused_since: UnixMillis,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.execute(&REGISTERED_CLIENT_PRUNE, values![unused_since, limit]).await
    }

    async fn registered_client_evict(
        &mut self,
        network: Option<&str>,
        count: u32,
    ) -> Result<u64, StoreError> {
        match network {
            Some(network) => self.execute(&REGISTERED_CLIENT_EVICT_BY_NETWORK, values![network, count]).await,
            None => self.execute(&REGISTERED_CLIENT_EVICT, values![count]).await,
        }
    }

    async fn client_logo_put(&mut self, logo: &ClientLogo, png: &[u8], keep: u32) -> Result<(), StoreError> {
        logos::put(self, logo, png, keep).await
    }

    async fn client_logo_delete(&mut self, client_id: &str) -> Result<bool, StoreError> {
        logos::delete(self, client_id).await
    }

    async fn assertion_record(
        &mut self,
        hash: &SecretHash,
        expires_at: UnixMillis,
    ) -> Result<bool, StoreError> {
        self.execute_one(&ASSERTION_RECORD, values![hash, expires_at]).await
    }

    async fn assertion_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        self.execute(&ASSERTION_PRUNE, values![before, limit]).await
    }
}

fn filter_conditions<'a>(builder: &mut SqlBuilder<'a>, filter: &'a RegisteredClientFilter) {
    let mut conditions = Conditions::new();
    if let Some(dynamic) = filter.dynamic {
        conditions.next(builder);
        builder.sql(if dynamic { "c.dynamic" } else { "NOT c.dynamic" });
    }
    if let Some(network) = &filter.network {
        conditions.next(builder);
        builder.sql("c.dynamic AND c.network = ").value(network);
    }
    if filter.unused_only {
        conditions.next(builder);
        builder.sql("c.used_at IS NULL");
    }
    if !filter.search.is_empty() {
        conditions.next(builder);
        let pattern = pattern_containing(&filter.search.to_lowercase());
        builder.sql("c.search_key LIKE ").value(pattern).sql(" ESCAPE '\\'");
    }
}

/// Reads [`client_columns`].
fn client(row: &Row) -> Result<RegisteredClient, StoreError> {
    let mut columns = row.columns();
    Ok(RegisteredClient {
        client_id: columns.take()?,
        name: columns.take()?,
        redirect_uris: columns.json()?,
        authentication: authentication(&mut columns)?,
        refresh_grant: columns.take()?,
        registrar: registrar(&mut columns)?,
        created_at: columns.take()?,
        used_at: columns.take()?,
    })
}

fn registrar(columns: &mut Columns<'_>) -> Result<ClientRegistrar, StoreError> {
    let dynamic: bool = columns.take()?;
    let (by, network): (Option<String>, Option<String>) = (columns.take()?, columns.take()?);
    Ok(if dynamic {
        ClientRegistrar::Dynamic { address: by, network: network.unwrap_or_default() }
    } else {
        ClientRegistrar::Admin(by.unwrap_or_default())
    })
}

fn authentication(columns: &mut Columns<'_>) -> Result<ClientAuthentication, StoreError> {
    let method: String = columns.take()?;
    let secret: Option<SecretHash> = columns.take()?;
    match (method.as_str(), secret) {
        ("none", None) => Ok(ClientAuthentication::None),
        ("client_secret_basic", Some(secret)) => Ok(ClientAuthentication::SecretBasic(secret)),
        ("client_secret_post", Some(secret)) => Ok(ClientAuthentication::SecretPost(secret)),
        _ => Err(StoreError::Inconsistent("a client has a method that does not fit its secret".to_owned())),
    }
}
