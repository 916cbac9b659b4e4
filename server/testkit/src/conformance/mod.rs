//! The conformance suite of the Store port: what every adapter must do, one function a rule.
//!
//! [`store_conformance!`](crate::store_conformance) makes a test of each, for one engine; [`cases`] lists them for
//! tests that run all of them at once.

mod database;
mod fixtures;

pub mod activity;
pub mod attempts;
pub mod audit;
pub mod audit_chain;
pub mod authorizations;
pub mod browsers;
pub mod catalog_facets;
pub mod catalog_model;
pub mod catalog_query;
pub mod catalog_reads;
pub mod clients;
pub mod directory_rows;
pub mod directory_runs;
pub mod identities;
pub mod locations;
pub mod logos;
pub mod many_sessions;
pub mod personal;
pub mod provider_sign_ins;
pub mod registered;
pub mod rollout;
pub mod runs;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod static_tokens;
pub mod tokens;
pub mod transactions;
pub mod users;

use std::{pin::Pin, sync::Arc};

use portal_core::ports::Store;

pub use database::{Engine, POSTGRES_VARIABLE, TestDatabase};

/// What a case returns: it panics when the rule does not hold.
pub type CaseFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One rule of the port.
#[derive(Clone, Copy)]
pub struct Case {
    /// Module and function.
    pub name: &'static str,
    /// Shows that an empty store follows the rule.
    pub run: fn(Arc<dyn Store>) -> CaseFuture,
}

/// Runs one case on a fresh database.
pub async fn run(engine: Engine, case: fn(Arc<dyn Store>) -> CaseFuture) {
    let database = TestDatabase::create(engine).await;
    case(database.store()).await;
    database.remove().await;
}

macro_rules! suite {
    (($d:tt) $($module:ident { $($case:ident),* $(,)? })*) => {
        /// Every case.
        #[must_use]
        pub fn cases() -> Vec<Case> {
            vec![$($(Case {
                name: concat!(stringify!($module), "::", stringify!($case)),
                run: |store| Box::pin($module::$case(store)),
            }),*),*]
        }

        /// Makes a test of every case, on an engine: `store_conformance!(Engine::Sqlite);`, in a module of its own.
        #[macro_export]
        macro_rules! store_conformance {
            ($d engine:expr) => {
                $(mod $module {
                    $(#[tokio::test]
                    async fn $case() {
                        use $d crate::conformance::{Engine, $module, run};
                        run($d engine, |store| Box::pin($module::$case(store))).await;
                    })*
                })*
            };
        }
    };
}

suite! { ($)
    transactions {
        nothing_is_seen_before_the_commit, a_dropped_transaction_leaves_nothing,
        a_transaction_sees_its_own_writes, a_reader_keeps_its_snapshot, of_two_writers_one_wins,
        writers_wait_for_each_other, a_refused_statement_leaves_the_store_usable,
        a_transaction_that_failed_does_not_commit, nul_does_not_break_texts,
    }
    settings {
        counters_start_at_zero_and_rise, settings_are_replaced_and_ordered, concurrent_counters_lose_nothing,
    }
    users {
        an_account_comes_back_as_it_went, an_account_without_optional_fields_comes_back,
        taken_identities_are_refused, an_update_replaces_what_it_may, an_update_to_a_taken_email_is_refused,
        a_status_moves_only_from_the_expected_one, an_epoch_rises_by_one, accounts_are_counted,
        accounts_are_found_by_entity_ref, accounts_are_paged_by_name, accounts_are_searched_in_any_case,
        wildcards_of_a_search_are_literal,
    }
    browsers {
        a_session_comes_back_with_its_account, a_touch_moves_only_forward, sessions_are_ended,
        only_open_sessions_are_counted, known_browsers_belong_to_an_account, a_session_needs_an_account,
    }
    sign_in {
        a_link_is_used_once, an_expired_link_is_refused, links_are_deleted_by_purpose_and_account,
        two_uses_of_a_link_at_once, attempts_are_counted_by_window, ended_things_are_pruned,
    }
    provider_sign_ins {
        a_sign_in_comes_back_as_it_went, a_sign_in_is_finished_once, expired_sign_ins_are_pruned,
        providers_of_active_admins_are_listed_once,
    }
    identities {
        an_identity_comes_back_as_it_went, identities_are_found_by_ref_link_address_and_key,
        identities_are_paged_by_subject, conflicts_are_found, accounts_belong_to_people,
        static_tokens_belong_to_people, people_who_left_are_forgotten, members_are_those_of_the_published_run, roles_of_groups_are_remembered,
        open_browser_sessions_are_listed_newest_first,
    }
    directory_runs {
        a_provider_comes_back_as_it_went, a_request_for_everything_is_not_replaced, a_lease_has_one_holder_and_old_ones_are_refused, a_run_comes_back_as_it_went, the_history_is_cut_but_for_runs_with_rows,
        the_history_of_providers_that_are_gone_goes, people_to_be_read_again_wait_once,
    }
    directory_rows {
        people_come_back_as_they_went, whoever_was_read_alone_is_not_overwritten_by_pages,
        whoever_is_left_out_once_is_left_out, people_go, groups_come_back_with_what_is_around_them, memberships_are_replaced_and_cleared, differences_are_found, names_that_several_have_are_found, only_people_with_accounts_or_tokens_are_affected,
        owners_of_tokens_and_linked_people_are_affected, what_is_near_to_groups_is_noted, entities_of_other_locations_are_known, rows_that_nobody_needs_go_in_pieces,
    }
    attempts {
        an_attempt_comes_back_as_it_went, an_attempt_is_kept_once, attempts_are_filtered_newest_first,
        attempts_are_pruned_and_cut, a_guide_is_opened_once_until_it_is_stale,
    }
    authorizations {
        a_request_comes_back_as_it_went, a_request_is_answered_once, an_expired_request_is_not_answered,
        a_code_comes_back_as_it_went, a_code_is_used_once, two_uses_of_a_code_at_once,
    }
    sessions {
        a_session_comes_back_as_it_went, a_session_ends_once, sessions_are_listed_newest_first,
        filters_are_combined, sessions_are_searched_in_any_case, filtered_sessions_are_ended, a_use_is_remembered,
    }
    tokens {
        an_access_token_comes_with_session_and_account, an_access_token_is_deleted,
        a_refresh_token_is_rotated_once, a_presented_refresh_token_comes_with_all_that_decides, two_rotations_at_once, a_refresh_token_is_confirmed_once,
        sealed_answers_go_after_confirmation, what_ended_is_pruned, a_prune_keeps_to_its_limit,
        an_unconfirmed_successor_keeps_its_predecessor,
    }
    clients {
        a_document_is_replaced, the_oldest_documents_go, a_consent_is_replaced,
    }
    logos {
        a_logo_comes_back_as_it_went, a_logo_is_replaced_and_deleted, the_oldest_logos_go,
    }
    many_sessions {
        sessions_are_told_by_client, sessions_of_a_kind_of_client_are_found, sessions_end_when_their_life_is_over,
        an_unused_session_is_over_when_its_token_is, consents_are_forgotten_by_filter,
    }
    registered {
        a_client_comes_back_as_it_went, only_confidential_clients_get_a_new_secret, clients_are_listed_newest_first,
        a_client_is_touched_and_deleted, unused_dynamic_clients_are_pruned,
        unused_dynamic_clients_give_way_by_network, an_assertion_is_taken_once,
        two_uses_of_an_assertion_at_once,
    }
    rollout {
        a_step_is_noted_once, people_of_an_audience_are_counted, whoever_has_connected_is_noted_before_records_go,
        the_organizations_picture_is_replaced,
    }
    locations {
        a_location_comes_back_as_it_went, a_location_is_updated, a_target_belongs_to_one_location,
        locations_are_listed_by_creation, a_location_goes_with_its_entities, a_failure_is_remembered_until_success,
    }
    runs {
        staged_entities_are_unseen, a_run_has_a_size, a_run_replaces_what_was_published, of_two_entities_the_first_stays,
        a_publication_for_a_missing_location_is_refused, rejections_belong_to_the_published_run,
        unused_runs_are_pruned, a_prune_keeps_to_its_limit, entities_are_put_one_by_one,
        an_entity_put_into_a_missing_location_fails, an_entity_is_deleted, the_older_location_wins,
        the_relations_of_a_shadowed_entity_are_unseen, twins_staged_at_the_same_time_are_noticed,
        many_entities_are_staged_in_one_call, long_search_values_are_left_out,
        several_entities_are_changed_together, a_staged_run_is_adopted, conflicts_of_a_staged_run_are_found,
    }
    catalog_reads {
        an_entity_comes_with_its_relations, a_relation_stated_twice_is_read_once, refs_are_read_in_order,
        many_refs_are_read, names_are_found_in_any_kind, the_location_of_an_entity_is_known,
    }
    catalog_query {
        every_predicate_selects, relations_are_predicates, negations_and_groups_combine, empty_groups_mean_what_logic_says,
        full_text_finds_parts_literally, pages_follow_each_other, an_order_puts_missing_values_last,
        an_order_by_relation_works, an_offset_skips, an_offset_skips_entities_not_values, a_total_counts_all_pages, facets_count_entities,
        facets_count_relations, oversized_queries_are_refused, prefixes_end_at_any_character,
    }
    catalog_facets {
        several_keys_are_counted_at_once, facets_keep_to_their_limit, a_page_comes_without_a_total,
        entities_are_told_by_kind, entities_are_chosen_by_reference,
    }
    personal {
        stars_belong_to_one_account, an_account_has_so_many_stars_at_most, the_newest_views_stay,
        stars_need_an_account,
    }
    catalog_model {
        random_queries_agree_with_a_model, random_cursors_visit_everything_once,
    }
    audit {
        an_event_comes_back_as_it_went, events_are_paged_newest_first, filters_select, actors_are_found,
    }
    audit_chain {
        what_was_sealed_is_the_chain, a_row_is_sealed_once, old_rows_go_in_the_order_of_the_chain,
        a_young_row_keeps_what_was_sealed_after_it, a_lease_has_one_holder,
    }
    static_tokens {
        a_token_comes_back_as_it_went, a_token_comes_with_every_account_of_its_owner, a_token_ends_once,
        an_end_that_lies_ahead_can_be_brought_forward,
        uses_and_owners_are_remembered, tokens_are_listed_newest_first_and_filtered, old_tokens_are_pruned,
    }
    activity {
        calls_come_back_newest_first, calls_are_paged_with_their_agents, totals_are_per_source, old_calls_are_pruned, many_calls_are_appended,
    }
}
