//! `portal serve`: listens first, then reads the catalog, works until it is told to stop, and leaves nothing unwritten.

mod background;
mod directories;
mod freshness;
mod listen;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    cli::Output,
    config::Config,
    metrics, router,
    startup::{self, StartError},
};

/// How long requests that run may take to end once Portal stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Serves until a signal comes.
pub(crate) async fn serve(config: &Config, output: &Output) -> Result<(), StartError> {
    let started = startup::open(config).await?;
    let _only_server = started.store.lock_for_serving()?;
    let listeners = listen::bind(&config.listen, config.listen_written).await?;
    let stop = CancellationToken::new();
    // Before the first request: what counts keeps its counters.
    serve_metrics(config, &stop).await?;
    let state = startup::state(config, started.services.clone());
    let app = router(state.clone());
    let mut servers = tokio::task::JoinSet::new();
    for listener in listeners {
        servers.spawn(listen::answer(listener, app.clone(), stop.clone()));
    }
    announce(config, &started.services, output).await?;
    let background = background::start(&started.services, config, &stop);

    tokio::select! {
        () = signal() => tracing::info!("stopping"),
        Some(ended) = servers.join_next() => {
            tracing::error!(?ended, "a listener ended");
        }
    }
    stop.cancel();
    state.live.end();
    let drained = async {
        while servers.join_next().await.is_some() {}
        background.finished().await;
    };
    if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    if let Err(error) = started.services.activity.flush().await {
        tracing::error!(%error, "the last tool calls could not be written");
    }
    if let Err(error) = started.services.attempts.flush().await {
        tracing::error!(%error, "the last connection attempts could not be written");
    }
    started.store.close().await;
    Ok(())
}

/// Says on standard output where Portal is, and how to make the first admin. The link is a secret: it goes nowhere else.
async fn announce(
    config: &Config,
    services: &portal_core::services::Services,
    output: &Output,
) -> Result<(), StartError> {
    let failed = |error: portal_core::identity::IdentityError| StartError::Other(error.to_string());
    let link = services.identity.first_admin_link().await.map_err(failed)?;
    let link = link.map(|token| format!("{}/first-admin?token={}", config.public_url, token.expose()));
    let mut lines = vec![format!("Portal is running at {}", config.public_url)];
    if let Some(link) = &link {
        lines.push(format!("Make the first admin (works once, within 24 hours): {link}"));
    }
    output.show(
        &lines.join("\n"),
        &serde_json::json!({ "url": config.public_url.as_str(), "first_admin_link": link }),
    );
    if !config.public_url.is_https() && !config.public_url.is_loopback() {
        tracing::warn!("public_url is not https: cookies are not Secure, and agents will refuse to sign in");
    }
    tracing::info!(url = config.public_url.as_str(), "serving");
    Ok(())
}

async fn serve_metrics(config: &Config, stop: &CancellationToken) -> Result<(), StartError> {
    let Some(address) = config.metrics_listen else { return Ok(()) };
    let handle = metrics::install().map_err(StartError::Other)?;
    let listener = match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(source) if config.metrics_written => return Err(StartError::Listen { address, source }),
        Err(error) => {
            tracing::warn!(%address, %error, "no metrics: the default address is taken; set metrics.listen");
            return Ok(());
        }
    };
    let stopped = stop.clone().cancelled_owned();
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        loop {
            tick.tick().await;
            upkeep.run_upkeep();
        }
    });
    tokio::spawn(async move {
        let server = axum::serve(listener, metrics::router(handle)).with_graceful_shutdown(stopped);
        if let Err(error) = server.await {
            tracing::error!(%error, "metrics ended");
        }
    });
    Ok(())
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
