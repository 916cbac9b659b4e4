//! The store conformance suite, on both engines.

use std::{collections::BTreeSet, sync::Arc};

use portal_store::{OpenOptions, StatementLog, all_statements};
use portal_testkit::conformance::{Engine, TestDatabase, cases};

mod sqlite {
    portal_testkit::store_conformance!(Engine::Sqlite);
}

mod postgres {
    portal_testkit::store_conformance!(Engine::Postgres);
}

/// Names of the statements that are put together at run time.
const BUILT: &[&str] = &[
    "ACCOUNT_LIST_OF_PEOPLE",
    "ACCOUNT_LIST_UNBOUND",
    "AGENT_SESSION_CLIENT_LIST",
    "AGENT_SESSION_COUNT",
    "AGENT_SESSION_END_ALL",
    "AGENT_SESSION_LIST",
    "AUDIT_LIST",
    "CLIENT_LOGO_LIST",
    "CONNECTION_ATTEMPT_APPEND",
    "CONNECTION_ATTEMPT_LIST",
    "CONSENT_DELETE_ALL",
    "DIRECTORY_CHANGES_DELETE",
    "DIRECTORY_CHANGES_PUT",
    "DIRECTORY_CHANGES_PUT_NEAR",
    "DIRECTORY_DEFINED_ELSEWHERE",
    "DIRECTORY_GROUPS",
    "DIRECTORY_GROUPS_DELETE",
    "DIRECTORY_GROUPS_MARK_GONE",
    "DIRECTORY_GROUPS_NAMED",
    "DIRECTORY_GROUPS_OF_PEOPLE",
    "DIRECTORY_GROUPS_PUT",
    "DIRECTORY_GROUP_CHILDREN",
    "DIRECTORY_GROUP_MEMBERS",
    "DIRECTORY_GROUP_PARENTS",
    "DIRECTORY_MEMBERSHIPS_CLEAR",
    "DIRECTORY_MEMBERSHIPS_OF_GROUPS_DELETE",
    "DIRECTORY_MEMBERSHIPS_PUT",
    "DIRECTORY_PEOPLE",
    "DIRECTORY_PEOPLE_DELETE",
    "DIRECTORY_PEOPLE_MARK_GONE",
    "DIRECTORY_PEOPLE_PUT",
    "DIRECTORY_PEOPLE_STAGE",
    "DIRECTORY_REPLACEMENTS_DELETE",
    "DIRECTORY_REPLACEMENTS_PUT",
    "DIRECTORY_REREAD_FORGET",
    "DOCUMENT_DELETE",
    "DOCUMENT_INSERT",
    "ENTITIES_OF_RUN",
    "ENTITY_DELETE",
    "ENTITY_FACET",
    "ENTITY_FACETS",
    "ENTITY_GROUPS",
    "ENTITY_INSERT",
    "ENTITY_LIST_BY_NAME",
    "ENTITY_LIST_BY_REFS",
    "ENTITY_PAGE",
    "ENTITY_TOTAL",
    "AUDIT_SEAL",
    "IDENTITY_LIST",
    "IDENTITY_LIST_BY_EMAILS",
    "IDENTITY_LIST_BY_KEYS",
    "IDENTITY_LIST_BY_REFS",
    "IDENTITY_LIST_LINKED",
    "IDENTITY_PUT",
    "REGISTERED_CLIENT_COUNT",
    "REGISTERED_CLIENT_LIST",
    "REJECTION_INSERT",
    "RELATION_DELETE",
    "RELATION_INSERT",
    "RELATION_LIST_OF_ENTITIES",
    "RETIRE",
    "ROLLOUT_NUMBERS",
    "SEARCH_DELETE",
    "SEARCH_INSERT",
    "STATIC_TOKEN_COUNT",
    "STATIC_TOKEN_LIST",
    "STATIC_TOKEN_LIST_OF_PEOPLE",
    "STATIC_TOKEN_LIST_UNBOUND",
    "TOOL_CALL_APPEND",
    "TWIN_RECORD",
    "USER_LIST",
];

/// A statement that no case runs may be wrong on one engine without anyone noticing.
async fn every_statement_runs(engine: Engine) {
    let log = Arc::new(StatementLog::default());
    for case in cases() {
        let options = OpenOptions { statement_log: Some(Arc::clone(&log)), ..OpenOptions::default() };
        let database = TestDatabase::create_with(engine, options).await;
        (case.run)(database.store()).await;
        database.remove().await;
    }
    let ran = log.names();
    let known: BTreeSet<&str> =
        all_statements().map(|statement| statement.name).chain(BUILT.iter().copied()).collect();
    let missed: Vec<&&str> = known.difference(&ran).collect();
    assert!(missed.is_empty(), "no case runs {missed:?}");
    let unlisted: Vec<&&str> = ran.difference(&known).collect();
    assert!(unlisted.is_empty(), "not listed: {unlisted:?}");
}

#[tokio::test]
async fn every_statement_runs_on_sqlite() {
    every_statement_runs(Engine::Sqlite).await;
}

#[tokio::test]
async fn every_statement_runs_on_postgres() {
    every_statement_runs(Engine::Postgres).await;
}
