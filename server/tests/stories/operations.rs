//! The table of operations in docs/ARCHITECTURE.md names every door, and no door that is not there.

use std::collections::BTreeSet;

use portal_testkit::app::TestApp;

const ARCHITECTURE: &str = include_str!("../../../docs/ARCHITECTURE.md");

/// Every name in backticks in one column of the table, from 1.
fn named(column: usize) -> BTreeSet<String> {
    let table = ARCHITECTURE.split("\n## Operations\n").nth(1).expect("the section");
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|'))
        .filter_map(|row| row.split('|').nth(column))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_server_function_stands_in_the_table() {
    // The functions are linked in with the pages.
    assert!(!leptos_axum::generate_route_list(portal_app::shell::document).is_empty());
    let functions: BTreeSet<String> = server_fn::axum::server_fn_paths()
        .map(|(path, _)| path.trim_start_matches("/_ui/").to_owned())
        .collect();
    assert_eq!(named(3), functions);
}

#[tokio::test]
async fn every_tool_and_endpoint_stands_in_the_table() {
    let app = TestApp::start().await;
    let (endpoints, tools): (BTreeSet<String>, BTreeSet<String>) =
        named(4).into_iter().partition(|name| name.starts_with('/'));
    let registered: BTreeSet<String> = app
        .services
        .actions
        .sources()
        .iter()
        .flat_map(|source| source.tools.iter().map(|tool| tool.tool_name.clone()))
        .collect();
    assert_eq!(tools, registered);
    let expected = [
        "/auth/callback/{provider}",
        "/auth/start/{provider}",
        "/oauth/authorize",
        "/oauth/logo/{id}",
        "/oauth/register",
        "/oauth/revoke",
        "/oauth/token",
    ];
    assert_eq!(endpoints, expected.into_iter().map(str::to_owned).collect());
    for endpoint in expected {
        // By a method that none of them takes: a handler's own "not found" is not the router's.
        let path = endpoint.replace("{provider}", "none").replace("{id}", "none");
        let request = http::Request::options(&path).body(axum::body::Body::empty()).expect("a request");
        assert_ne!(app.send(request).await.status, http::StatusCode::NOT_FOUND, "{endpoint}");
    }
}
