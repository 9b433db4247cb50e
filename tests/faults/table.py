"""What may go wrong and what is bounded, each with the tests that show that it holds.

A row names files, or tests as `file::test`. `test_table` looks that they are there, and that no limit is missing.
"""

FAULTS: dict[str, tuple[str, ...]] = {
    "kill -9 at any point of a save": (
        "faults/test_kill.py",
        "sessions/test_processes.py::test_nothing_acknowledged_is_lost_when_the_process_is_killed",
        "hostile/test_soak.py",
    ),
    "SIGTERM": (
        "sessions/test_processes.py::test_a_process_that_ends_says_when_to_come_back",
        "sessions/test_healing.py::test_shutting_down_answers_what_was_begun_and_says_when_to_come_back",
        "faults/test_sigterm.py",
        "js/socket.test.js",
    ),
    "Redis restarted, flushed, unreachable": ("faults/test_redis_away.py", "ops/test_health.py"),
    "PostgreSQL restarted": (
        "faults/test_database_away.py",
        "sessions/test_healing.py::test_without_a_database_edits_wait_and_nothing_is_acknowledged",
    ),
    "deadlock, or another transaction in the way": ("faults/test_collisions.py",),
    "offline, with two hundred edits drawn": (
        "faults/test_tabs.py::test_two_hundred_edits_drawn_offline_are_answered_in_order_and_nobody_elses_work_is_lost",
        "browser/test_away.py::test_two_hundred_edits_made_away_meet_five_hundred_of_somebody_else",
    ),
    "tab closed or browser killed with unsent edits": (
        "browser/test_killed.py",
        "browser/test_logins.py::test_what_waits_outlives_a_closed_tab_a_logout_and_somebody_else_at_the_same_browser",
    ),
    "a device whose database does not open": (
        "browser/test_stuck_database.py",
        "js/unread.test.js",
        "js/worker.test.js",
    ),
    "a client that does not read": (
        "faults/test_disturbers.py::test_who_does_not_read_is_parted_with",
        "sessions/test_limits.py::test_bytes_not_seen_end_it_and_nobody_else_notices",
        "sessions/test_limits.py::test_versions_not_seen_for_too_long_end_it",
    ),
    "two tabs, a duplicated tab": (
        "faults/test_tabs.py",
        "sessions/test_people.py::test_a_client_that_comes_back_in_another_process_is_replaced_in_the_first",
        "browser/test_away.py::test_a_duplicated_tab_is_a_client_of_its_own",
    ),
    "clocks off by a day": ("faults/test_clocks.py",),
    "permission revoked in mid-session": (
        "sessions/test_rights.py",
        "flows/test_concurrency.py::test_a_role_that_goes_while_a_batch_waits",
        "faults/test_redis_away.py::test_a_role_taken_away_ends_it_in_the_other_process_too",
    ),
    "one person too many": (
        "sessions/test_limits.py::test_one_person_too_many_is_turned_away_and_nobody_else_notices",
    ),
    "frames that mean no good": (
        "faults/test_disturbers.py",
        "sessions/test_frames.py",
        "sessions/test_limits.py::test_binary_and_broken_frames_are_errors_and_the_fifth_in_a_row_ends_it",
    ),
    "texts that mean no good": ("faults/test_hostile_labels.py", "flows/test_store.py", "pages/test_rendering.py"),
    "disk full": ("faults/test_full_disk.py",),
    "idle and sleep": (
        "faults/test_idle.py",
        "sessions/test_limits.py::test_a_flow_where_nothing_happens_falls_asleep",
        "browser/test_away.py::test_who_sleeps_wakes_at_the_next_input_and_loses_nothing",
    ),
    "far behind, by long entries": ("faults/test_long_catch_up.py",),
    "a network that cuts, delays and pauses": (
        "faults/test_network.py",
        "faults/test_proxy.py",
        "hostile/test_soak.py",
    ),
}

LIMITS: dict[str, str] = {
    "frame_bytes": "sessions/test_limits.py::test_a_frame_may_be_as_long_as_the_limit_and_no_longer",
    "outbound_frame_bytes": "sessions/test_hello.py::test_a_long_snapshot_comes_in_parts",
    "frames_per_second": "sessions/test_limits.py::test_frames_beyond_the_burst_are_errors_and_presence_is_dropped",
    "operations_per_second": (
        "sessions/test_limits.py::test_operations_beyond_the_burst_are_refused_and_not_remembered"
    ),
    "seen_per_second": "sessions/test_limits.py::test_what_was_seen_is_counted_by_itself",
    "batch": "document/test_batches.py::test_one_operation_more_than_the_limit_is_refused",
    "outbox": "sessions/test_earlier_clients.py::test_all_that_waits_is_counted_whoever_it_is_named_by",
    "unseen_bytes": "sessions/test_outbound.py::test_bytes_not_yet_seen_are_bounded",
    "unseen_seconds": "sessions/test_outbound.py::test_time_counts_from_the_oldest_version_not_seen",
    "unseen_versions": "sessions/test_outbound.py::test_versions_not_seen_may_be_many_for_two_seconds",
    "catch_up": "sessions/test_hello.py::test_who_is_too_far_behind_gets_a_snapshot",
    "recent_bytes": "sessions/test_delta_cache.py",
    "people_per_flow": "sessions/test_limits.py::test_one_person_too_many_is_turned_away_and_nobody_else_notices",
    "sockets_per_user": "sessions/test_limits.py::test_one_socket_too_many_is_turned_away_unless_it_replaces_one",
    "nodes": "document/test_node_operations.py::test_one_node_more_than_the_limit_is_refused",
    "edges": "document/test_edge_operations.py::test_one_edge_more_than_the_limit_is_refused",
    "title": "document/test_edge_operations.py::test_a_title_that_cannot_be_is_refused",
    "label": "document/test_json.py::test_what_fits_just_so_is_taken_as_it_is",
    "description": "document/test_json.py::test_what_fits_just_so_is_taken_as_it_is",
    "settings_bytes": "document/test_json.py::test_settings_are_counted_in_bytes_of_utf8",
    "body_bytes": "api/test_failures.py::test_the_size_of_a_body_has_a_limit",
    "form_bytes": "api/test_bodies.py::test_a_form_has_less_than_a_call",
    "public_body_bytes": "api/test_bodies.py::test_nobody_has_little",
    "head_bytes": "ops/test_slow_peers.py::test_a_head_has_a_limit",
    "head_seconds": "ops/test_slow_peers.py::test_who_stops_in_the_middle_is_closed",
    "body_seconds": "ops/test_slow_peers.py::test_who_does_not_read_is_cut",
    "keep_alive_seconds": "ops/test_slow_peers.py::test_who_asks_for_nothing_more_is_closed",
    "unfinished_per_address": "ops/test_slow_peers.py::test_an_address_has_so_many_unfinished_requests",
    "nesting": "document/test_nesting.py::test_a_new_group",
    "requests_at_once": "ops/test_concurrency_limit.py::test_so_many_at_once_so_many_wait_and_the_next_is_refused",
    "requests_waiting": "ops/test_concurrency_limit.py::test_so_many_at_once_so_many_wait_and_the_next_is_refused",
    "work_steps_per_second": "flows/test_work_budget.py::test_at_the_limit_and_one_past_it",
    "work_steps": "flows/test_work.py::test_at_the_limit_and_one_past_it",
    "rest_operations_per_second": "api/test_operation_rate.py::test_a_call_too_many_does_nothing_and_says_when",
    "flow_changes_per_minute": "api/test_operation_rate.py::test_what_the_audit_log_tells_is_counted",
    "invitations_per_hour": (
        "flows/test_members.py::test_nobody_adds_more_people_than_the_limit_and_who_cannot_be_added_counts"
    ),
    "storage_per_flow": "flows/test_storage_quota.py::test_a_flow_has_room_up_to_its_limit_and_no_more",
    "storage_per_person": "flows/test_storage_quota.py::test_a_person_has_room_up_to_their_limit_in_all_flows_together",
    "undo": "flows/test_undo.py::test_a_hundred_steps_and_no_more",
    "idle_seconds": "sessions/test_limits.py::test_a_flow_where_nothing_happens_falls_asleep",
    "presence_bytes": "sessions/test_presence_bounds.py::test_a_state_takes_so_many_bytes_and_no_more",
    "presence_seconds": "sessions/test_board.py::test_a_silent_process_is_forgotten_and_ours_never",
    "signups_per_minute": "accounts/test_limits.py::test_an_address_may_register_twenty_times_a_minute",
    "logins_per_minute": "accounts/test_limits.py::test_an_address_may_log_in_thirty_times_a_minute",
    "refreshes_per_minute": "api/test_bodies.py::test_refreshing_is_limited_too",
    "passwords_waiting": "accounts/test_passwords.py::test_a_flood_of_logins_is_told_to_come_again",
    "login_failures": "accounts/test_limits.py::test_after_five_failures_the_right_password_is_refused_too",
}

BOUNDS: dict[str, str] = {
    "levels of JSON": "document/test_json.py::test_settings_are_at_most_8_levels_deep",
    "length of an id": "document/test_json.py::test_what_does_not_fit_is_refused",
    "coordinates": "faults/test_bounds.py",
    "a call's batches": "api/test_edits.py::test_the_batches_of_one_call_hold_only_so_much",
    "seconds of excess": "sessions/test_rates.py::test_ten_seconds_of_excess_are_a_flood_and_nine_are_not",
    "announcements of presence": "sessions/test_people.py::test_announcements_are_repeated",
    "reconnecting": "js/socket.test.js",
}
"""What is bounded without a setting."""
