//! The life of a session, drawn to scale: 90 days wide.

use leptos::prelude::*;
use portal_model::lifetimes::{RefreshLifetimes, SessionLifetimeDays};

use crate::text;

/// Units of the drawing for one day.
const DAY: u32 = 10;
/// Height of the drawing.
const HEIGHT: u32 = 26;

/// The drawing; the words above it say the same.
pub(super) fn life(lifetimes: RefreshLifetimes) -> AnyView {
    let (token, session) = (u32::from(lifetimes.token().days()), u32::from(lifetimes.session().days()));
    let scale = u32::from(SessionLifetimeDays::MAX) * DAY;
    let days = |number: u32| text::count(i64::from(number), "day", "days");
    let words = format!(
        "A session at these settings: tokens of {}, one after another, for {}.",
        days(token),
        days(session)
    );
    let marks = (0..=9).map(|tenth| mark(scale * tenth / 9)).collect_view();
    view! {
        <div class="life">
            <p>{words}</p>
            <svg viewBox=format!("0 0 {scale} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                <rect class="session" x="0" y="3" width=(session * DAY).to_string() height="14"></rect>
                {tokens(token, session)}
                <path class="axis" vector-effect="non-scaling-stroke" d=format!("M0 25.5H{scale}")></path>
                {marks}
            </svg>
            <p class="ends" aria-hidden="true"><span>"Sign-in"</span><span>"90 days"</span></p>
        </div>
    }
    .into_any()
}

fn mark(x: u32) -> AnyView {
    view! { <path class="axis" vector-effect="non-scaling-stroke" d=format!("M{x} 21V26")></path> }.into_any()
}

/// One slanted bar a token; the last is cut where the session ends.
fn tokens(token: u32, session: u32) -> AnyView {
    let token = token.max(1);
    let bars = (0..session.div_ceil(token)).map(|index| {
        let from = index * token * DAY;
        let until = ((index + 1) * token).min(session) * DAY;
        let lean = if index == 0 { 0 } else { 5 };
        let end = until.saturating_sub(3);
        let cut = if until == session * DAY { until } else { end + 5 };
        view! { <path class="token" d=format!("M{from} 16L{} 4H{cut}L{end} 16Z", from + lean)></path> }
    });
    bars.collect_view().into_any()
}
