//! The rules of a directory: how old it may be, what happens then, how many may leave unexplained, who is an admin.

use leptos::prelude::*;
use portal_core::org::ProviderId;
use portal_model::{
    Field,
    provider_settings::{FRESHNESS_HOURS, ProviderSettings, REMOVAL_LIMIT_PERCENT_MAX, WhenStale},
};

use crate::{
    components::{UnitField, field_error, form_error, hidden, saved, unit_field},
    flash::FormId,
    page::PageRequest,
};

/// The form.
pub(super) fn section(page: &PageRequest, id: &ProviderId, rules: &ProviderSettings) -> AnyView {
    let outcome = page.outcome(FormId::OrgRules);
    let was = |field, now: String| outcome.value(field).unwrap_or(now);
    let groups = was(Field::AdminGroups, rules.admin_groups.join("\n"));
    view! {
        <section class="panel" id="rules" aria-labelledby="rules-title">
            <header><h2 id="rules-title">"Rules"</h2></header>
            <form method="post" action="/_ui/org_rules">
                {hidden("provider", id.as_str())}
                <div class="pad stack-4">
                    {form_error(&outcome)}
                    <div class="pair">
                        {unit_field(UnitField {
                            id: "freshness", name: "freshness_hours", label: "May be out of date for", unit: "hours",
                            limits: FRESHNESS_HOURS,
                            value: was(Field::FreshnessHours, rules.freshness_hours.to_string()),
                            hint: "48 hours by default. Counted from the start of the last complete run.".to_owned(),
                            error: outcome.error_of(Field::FreshnessHours),
                        })}
                        {unit_field(UnitField {
                            id: "removal", name: "removal_limit_percent", label: "Most people who may vanish unexplained", unit: "percent",
                            limits: (0, u16::from(REMOVAL_LIMIT_PERCENT_MAX)),
                            value: was(Field::RemovalLimitPercent, rules.removal_limit_percent.to_string()),
                            hint: "10 percent by default, and always 5 people. Beyond it a run waits for an admin.".to_owned(),
                            error: outcome.error_of(Field::RemovalLimitPercent),
                        })}
                    </div>
                    {when_stale(rules.when_stale)}
                    <div class="field">
                        <label for="admin-groups">"Groups whose members are admins"</label>
                        <textarea class="input" id="admin-groups" name="admin_groups" rows="3" autocomplete="off"
                            aria-describedby="admin-groups-hint">{groups}</textarea>
                        {field_error("admin-groups", outcome.error_of(Field::AdminGroups))}
                        <p class="hint" id="admin-groups-hint">"Ids or names of groups of this directory, one a line, beside those of the configuration."</p>
                    </div>
                </div>
                <footer class="foot-bar"><span>{saved(outcome.done_at())}</span><button class="btn solid" type="submit">"Save"</button></footer>
            </form>
        </section>
    }
    .into_any()
}

fn when_stale(now: WhenStale) -> AnyView {
    let choice = |value: WhenStale, title: &'static str, why: &'static str| {
        let id = format!("stale-{}", value.as_str());
        let described = id.clone();
        view! {
            <label>
                <input class="radio" type="radio" name="when_stale" value=value.as_str() checked=value == now
                    aria-label=title aria-describedby=described/>
                <span><span class="t">{title}</span><span class="d" id=id>{why}</span></span>
            </label>
        }
    };
    view! {
        <fieldset>
            <legend>"When it is out of date for longer"</legend>
            <div class="scopes">
                {choice(WhenStale::Warn, "Warn", "This page, the log and the metrics say so. Everybody goes on.")}
                {choice(WhenStale::Refuse, "Refuse", "Nobody of this directory signs in or renews a session until a run completes. Local admins are exempt.")}
            </div>
        </fieldset>
    }
    .into_any()
}
