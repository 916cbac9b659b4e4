//! Changes at the shell are seen by the running server.

use http::StatusCode;
use portal_core::changes::STALENESS_MAX_MS;
use portal_testkit::app::TestApp;

#[tokio::test]
async fn a_change_by_another_process_is_seen_within_a_second() {
    let app = TestApp::start().await;
    let path = "/.well-known/oauth-protected-resource";
    assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND);
    let beside = app.neighbour().await;
    beside.let_agents_sign_in().await;
    app.pass(STALENESS_MAX_MS);
    assert_eq!(app.get(path).await.status, StatusCode::OK);
}
