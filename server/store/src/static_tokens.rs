//! Static tokens.

use async_trait::async_trait;
use portal_core::{
    identity::User,
    ids::StaticTokenId,
    ports::{
        StoreError,
        store::{TokenReads, TokenWrites},
    },
    secret::SecretHash,
    time::UnixMillis,
    tokens::{StaticToken, StaticTokenEnd, StaticTokenFilter},
};
use portal_model::{EntityRef, Scope};

use crate::{
    row::{Columns, Row},
    sql_builder::{Conditions, SqlBuilder, pattern_containing},
    statement::statements,
    transaction::SqlTransaction,
    users::accounts::{user, user_columns},
    value::{json, values},
};

/// The columns that [`token`] reads, of a table named `t`.
macro_rules! token_columns {
    () => {
        "t.id, t.hash, t.ending, t.name, t.owner_ref, t.scope, t.sources, t.ranges, t.personal, t.created_by,
        t.created_at, t.expires_at, t.used_at, t.used_from, t.owner_missing_since, t.ended_at, t.end_reason"
    };
}
pub(crate) use token_columns;

statements! {
    STATIC_TOKEN_BY_HASH = concat!("SELECT ", token_columns!(), " FROM static_tokens t WHERE t.hash = $1");
    STATIC_TOKEN_ACCOUNTS = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.entity_ref = $1
        ORDER BY CASE WHEN u.status = 'active' THEN 0 ELSE 1 END, u.created_at, u.id");
    STATIC_TOKEN_BY_ID = concat!("SELECT ", token_columns!(), " FROM static_tokens t WHERE t.id = $1");
    STATIC_TOKEN_INSERT = "INSERT INTO static_tokens
        (id, hash, ending, name, owner_ref, search_key, scope, sources, ranges, personal, created_by, created_at,
        expires_at, used_at, used_from, owner_missing_since, ended_at, end_reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    STATIC_TOKEN_END = "UPDATE static_tokens SET ended_at = $2, end_reason = $3
        WHERE id = $1 AND (ended_at IS NULL OR ended_at > $2)";
    STATIC_TOKEN_TOUCH = "UPDATE static_tokens SET used_at = $2, used_from = $3
        WHERE id = $1 AND (used_at IS NULL OR used_at < $2)";
    STATIC_TOKEN_SET_OWNER_MISSING = "UPDATE static_tokens SET owner_missing_since = $2 WHERE id = $1";
    STATIC_TOKEN_PRUNE = "DELETE FROM static_tokens WHERE id IN
        (SELECT t.id FROM static_tokens t WHERE t.ended_at < $1 OR t.expires_at < $1
        ORDER BY t.expires_at, t.id LIMIT $2)";
}

#[async_trait]
impl TokenReads for SqlTransaction {
    async fn static_token_by_hash(
        &mut self,
        hash: &SecretHash,
    ) -> Result<Option<(StaticToken, Vec<User>)>, StoreError> {
        let Some(row) = self.fetch_optional(&STATIC_TOKEN_BY_HASH, values![hash]).await? else {
            return Ok(None);
        };
        let token = token(&mut row.columns())?;
        let rows = self.fetch_all(&STATIC_TOKEN_ACCOUNTS, values![&token.owner]).await?;
        let accounts = rows.iter().map(|row| user(&mut row.columns())).collect::<Result<_, _>>()?;
        Ok(Some((token, accounts)))
    }

    async fn static_token_by_id(&mut self, id: &StaticTokenId) -> Result<Option<StaticToken>, StoreError> {
        let row = self.fetch_optional(&STATIC_TOKEN_BY_ID, values![id]).await?;
        row.map(|row| token(&mut row.columns())).transpose()
    }

    async fn static_token_list(
        &mut self,
        filter: &StaticTokenFilter,
        after: Option<&StaticTokenId>,
        limit: u32,
    ) -> Result<Vec<StaticToken>, StoreError> {
        let mut builder = SqlBuilder::new("STATIC_TOKEN_LIST");
        builder.sql(concat!("SELECT ", token_columns!(), " FROM static_tokens t"));
        if let Some(after) = after {
            builder
                .sql(" JOIN static_tokens a ON a.id = ")
                .value(after)
                .sql(" AND (t.created_at < a.created_at OR (t.created_at = a.created_at AND t.id > a.id))");
        }
        filter_conditions(&mut builder, filter);
        builder.sql(" ORDER BY t.created_at DESC, t.id LIMIT ").value(limit);
        let rows = self.fetch_built(builder.kept()).await?;
        rows.iter().map(|row| token(&mut row.columns())).collect()
    }

    async fn static_token_count(&mut self, filter: &StaticTokenFilter) -> Result<i64, StoreError> {
        let mut builder = SqlBuilder::new("STATIC_TOKEN_COUNT");
        builder.sql("SELECT COUNT(*) FROM static_tokens t");
        filter_conditions(&mut builder, filter);
        self.fetch_built(builder.kept()).await?.first().map_or(Ok(0), Row::single)
    }
}

#[async_trait]
impl TokenWrites for SqlTransaction {
    async fn static_token_insert(&mut self, token: &StaticToken) -> Result<(), StoreError> {
        let values = values![
            &token.id,
            &token.hash,
            &token.ending,
            &token.name,
            &token.owner,
            search_key(&token.name, &token.owner),
            token.scope.as_str(),
            token.sources.as_ref().map(json).transpose()?,
            json(&token.ranges.iter().map(ToString::to_string).collect::<Vec<_>>())?,
            token.personal,
            &token.created_by,
            token.created_at,
            token.expires_at,
            token.used_at,
            &token.used_from,
            token.owner_missing_since,
            token.ended.map(|(at, _)| at),
            token.ended.map(|(_, reason)| reason.as_str()),
        ];
        self.execute(&STATIC_TOKEN_INSERT, values).await.map(drop)
    }

    async fn static_token_end(
        &mut self,
        id: &StaticTokenId,
        reason: StaticTokenEnd,
        at: UnixMillis,
    ) -> Result<bool, StoreError> {
        self.execute_one(&STATIC_TOKEN_END, values![id, at, reason.as_str()]).await
    }

    async fn static_token_touch(
        &mut self,
        id: &StaticTokenId,
        used_at: UnixMillis,
        address: Option<&str>,
    ) -> Result<(), StoreError> {
        self.execute(&STATIC_TOKEN_TOUCH, values![id, used_at, address]).await.map(drop)
    }

    async fn static_token_set_owner_missing(
        &mut self,
        id: &StaticTokenId,
        since: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        self.execute(&STATIC_TOKEN_SET_OWNER_MISSING, values![id, since]).await.map(drop)
    }

    async fn static_token_prune(&mut self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        self.execute(&STATIC_TOKEN_PRUNE, values![before, limit]).await
    }
}

fn filter_conditions<'a>(builder: &mut SqlBuilder<'a>, filter: &'a StaticTokenFilter) {
    let mut conditions = Conditions::new();
    if let Some(owner) = &filter.owner {
        conditions.next(builder);
        builder.sql("t.owner_ref = ").value(owner);
    }
    if !filter.search.is_empty() {
        conditions.next(builder);
        let pattern = pattern_containing(&filter.search.to_lowercase());
        builder.sql("t.search_key LIKE ").value(pattern).sql(" ESCAPE '\\'");
    }
    if let Some(at) = filter.open_at {
        conditions.next(builder);
        builder.sql("(t.ended_at IS NULL OR t.ended_at > ").value(at);
        builder.sql(") AND t.expires_at > ").value(at);
    }
}

/// The fields that are searched, each on a line of its own.
pub(crate) fn search_key(name: &str, owner: &EntityRef) -> String {
    format!("{}\n{owner}", name.to_lowercase())
}

/// Reads [`token_columns`].
pub(crate) fn token(columns: &mut Columns<'_>) -> Result<StaticToken, StoreError> {
    Ok(StaticToken {
        id: columns.take()?,
        hash: columns.take()?,
        ending: columns.take()?,
        name: columns.take()?,
        owner: columns.take()?,
        scope: columns.word(Scope::parse)?,
        sources: columns.json_or_null()?,
        ranges: ranges(columns)?,
        personal: columns.take()?,
        created_by: columns.take()?,
        created_at: columns.take()?,
        expires_at: columns.take()?,
        used_at: columns.take()?,
        used_from: columns.take()?,
        owner_missing_since: columns.take()?,
        ended: ended(columns)?,
    })
}

fn ranges<T: std::str::FromStr>(columns: &mut Columns<'_>) -> Result<Vec<T>, StoreError> {
    let texts: Vec<String> = columns.json()?;
    let ranges = texts.iter().map(|text| text.parse().ok()).collect::<Option<_>>();
    ranges.ok_or_else(|| {
        StoreError::Inconsistent("an address range of a static token cannot be read".to_owned())
    })
}

fn ended(columns: &mut Columns<'_>) -> Result<Option<(UnixMillis, StaticTokenEnd)>, StoreError> {
    let at: Option<UnixMillis> = columns.take()?;
    let reason: Option<String> = columns.take()?;
    match (at, reason.as_deref().map(StaticTokenEnd::parse)) {
        (None, None) => Ok(None),
        (Some(at), Some(Some(reason))) => Ok(Some((at, reason))),
        _ => Err(StoreError::Inconsistent(
            "a static token has ended without a time or a known reason".to_owned(),
        )),
    }
}
