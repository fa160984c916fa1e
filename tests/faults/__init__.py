"""The faults that desk and server must survive, each injected for real: which one is tried where.

What lives here was tried nowhere else; the other tests that belong to a fault are named. `test_inventory` looks whether
each of them exists. Fault 25 is tried with the mail.

1   kill -9 at every commit of desk and server
    tests/faults/test_killed.py::test_the_desk_is_killed_before_and_after_each_of_its_commits
    tests/faults/test_killed.py::test_the_desk_is_killed_at_any_moment
    tests/faults/test_killed.py::test_the_server_is_killed_before_and_after_each_of_its_commits
    tests/server/test_server_process.py::test_what_was_acknowledged_survives_kill_9
    tests/server/test_server_workers.py::test_one_that_dies_is_replaced_and_nothing_is_lost
    tests/store/test_opening_desk.py::test_after_a_kill_all_that_was_acknowledged_is_there
2   loss of power
    tests/faults/test_power.py::test_no_acknowledged_command_is_lost_with_the_power
    tests/faults/test_power.py::test_one_that_syncs_less_often_loses_what_it_acknowledged
3   full disk
    tests/faults/test_drive.py::test_a_drive_without_room_is_said_and_all_goes_on_when_there_is_some
    tests/store/test_disk_full.py::test_a_full_disk
    tests/store/test_disk_full.py::test_a_limit_on_the_length_of_files
    tests/store/test_disk_full.py::test_opening_on_a_full_disk_says_so_and_works_when_there_is_room
    tests/server/test_server_process.py::test_a_full_disk_is_said_and_mended
    tests/server/test_backups.py::test_a_full_disk_leaves_no_half_backup
    tests/ui/test_recovery_window.py::test_on_a_full_disk_nothing_is_called_saved_and_it_goes_on_when_there_is_room
4   fsync fails
    tests/faults/test_drive.py::test_a_commit_that_was_not_synced_is_refused_and_the_file_is_read_through_before_the_next
    tests/faults/test_drive.py::test_it_is_not_tried_again_by_itself
    tests/faults/test_drive.py::test_what_was_refused_does_not_come_back_after_a_kill
5   read-only file or folder
    tests/faults/test_damage.py::test_a_server_whose_place_is_read_only_names_it_and_makes_nothing_elsewhere
    tests/store/test_opening_desk.py::test_a_read_only_place_is_named
6   damaged page, cut file, also while the program runs
    tests/faults/test_damage.py::test_a_harmed_file_is_told_set_aside_and_made_anew
    tests/faults/test_damage.py::test_when_pages_are_damaged_that_hold_nothing_unsent_all_of_it_is_sent
    tests/faults/test_damage.py::test_damage_while_the_program_runs_is_said_and_told_again_at_the_next_opening
    tests/store/test_opening_desk.py::test_a_changed_byte_anywhere_is_told_at_opening
    tests/store/test_opening_desk.py::test_a_cut_file_is_told_at_opening
    tests/store/test_opening_desk.py::test_a_cut_header_is_told_at_opening
    tests/store/test_salvage.py::test_wherever_it_is_cut_off_what_was_not_sent_is_there_at_the_next_start
    tests/ui/test_recovery_window.py::test_a_damaged_file_is_made_anew_with_what_had_not_been_sent
7   WAL cut, changed, deleted; file of length 0
    tests/faults/test_damage.py::test_a_harmed_wal_is_noticed_or_had_nothing_that_was_sent
    tests/faults/test_damage.py::test_a_file_taken_away_while_the_program_runs_is_told_at_the_next_opening
    tests/store/test_opening_desk.py::test_a_wal_that_was_harmed_is_noticed_by_the_meta
    tests/store/test_opening_desk.py::test_an_emptied_file_is_not_filled_anew
    tests/sync/test_recovery.py::test_a_copied_file_stops_and_goes_on_under_a_new_number
8   migration, backup or key change killed
    tests/faults/test_killed.py::test_a_migration_killed_at_each_step_leaves_the_old_file_or_the_new_one
    tests/faults/test_killed.py::test_a_backup_killed_at_each_step_leaves_the_old_copy_or_the_new_one
    tests/faults/test_killed.py::test_a_change_of_keys_killed_at_each_step_leaves_a_desk_that_works
    tests/store/test_migrations.py::test_a_first_start_that_is_killed_anywhere_is_simply_begun_again
    tests/server/test_backups.py::test_killed_at_any_step_there_is_a_whole_backup_or_none
    tests/server/test_moving.py::test_killed_in_the_middle_nothing_is_half_done
9   clock a day ahead or behind, jumping
    tests/faults/test_clocks.py::test_times_are_the_servers_whatever_the_desk_thinks
    tests/faults/test_clocks.py::test_the_later_edit_counts_though_its_clock_is_two_days_behind_the_others
    tests/faults/test_clocks.py::test_a_clock_that_jumps_between_two_edits_turns_nothing_round
    tests/faults/test_clocks.py::test_syncing_goes_on_while_the_clock_jumps
    tests/system/test_clock.py::test_the_other_clock_does_not_jump_with_it
    tests/services/test_calls.py::test_the_wall_clock_jumping_does_not_touch_a_running_timer
    tests/sync/test_forged.py::test_a_clock_that_is_ahead_wins_a_minute_at_most
    tests/server/test_server_sign_in.py::test_a_clock_that_was_set_back_makes_nobody_wait_for_longer
10  messages repeated, reordered, late
    tests/faults/test_wire.py::test_repeated_reordered_late_and_lost_messages_have_no_effect
    tests/sync/test_simulation.py::test_on_sqlite
    tests/server/test_server_api.py::test_a_repeated_push_is_applied_once
    tests/server/test_server_api.py::test_what_comes_after_a_gap_waits_for_what_is_missing
11  answer lost after the server committed
    tests/faults/test_wire.py::test_an_answer_that_is_lost_after_the_commit_is_asked_for_again_and_the_change_is_made_once
    tests/faults/test_wire.py::test_an_answer_that_is_cut_in_the_middle_is_no_answer
12  half-open connection, black hole, server stopped midway
    tests/faults/test_older_history_window.py::test_without_the_server_it_says_so_and_tries_again
    tests/faults/test_silence.py::test_packets_that_vanish_and_half_a_connection
    tests/faults/test_silence.py::test_a_server_that_is_stopped_midway_is_tried_again_and_nothing_is_lost
    tests/faults/test_silence.py::test_waits_grow_to_a_bound_and_a_hundred_desks_do_not_come_back_at_once
    tests/faults/test_window.py::test_the_window_lives_while_the_server_hangs
    tests/server/test_engine_live.py::test_a_line_that_broke_is_taken_up_again_with_what_came_meanwhile
13  TLS
    tests/faults/test_tls.py::test_certificates_that_do_not_hold
    tests/faults/test_tls.py::test_what_is_too_old_or_no_tls_at_all
    tests/faults/test_tls.py::test_who_never_answers_or_hangs_up
    tests/sync/test_certificates.py::test_one_that_vouches_for_itself_goes_to_it
    tests/sync/test_certificates.py::test_connections_that_are_closed_while_another_is_made_leave_none_unjudged
    tests/sync/test_proxies.py::test_what_a_proxy_says_instead_of_yes
    tests/sync/test_proxies.py::test_a_proxy_that_opens_protected_connections_is_named
    tests/sync/test_proxies.py::test_a_proxy_that_cuts_what_stays_open_is_survived
    tests/faults/test_proxy_script.py::test_it_is_said_what_is_waited_for
    tests/faults/test_proxy_script.py::test_the_desk_stops_at_once_and_nothing_is_lost
    tests/faults/test_proxy_script.py::test_what_is_wrong_with_a_proxy_is_said_as_it_is_and_asked_anew
    tests/faults/test_proxy_script.py::test_who_waits_is_told_in_words_and_gets_the_answer_when_it_comes
    tests/sync/test_connection_words.py::test_something_else_answers
    tests/faults/test_tls.py::test_when_the_certificate_is_mended_all_is_sent
    tests/sync/test_certificates.py::test_other_systems_words_are_understood
    tests/server/test_server_process.py::test_behind_tls
    tests/ui/test_recovery_window.py::test_a_certificate_that_nobody_knows_is_no_outage_and_is_said
14  server killed before and after its commit
    tests/faults/test_killed.py::test_the_server_is_killed_before_and_after_each_of_its_commits
    tests/faults/test_two_at_once.py::test_the_desk_is_killed_while_its_server_is_dead
15  PostgreSQL killed, restarted, stopped
    tests/server/test_server_workers.py::test_a_backend_is_killed_during_pushes
    tests/server/test_server_workers.py::test_postgresql_is_killed_and_started_during_pushes
    tests/server/test_server_postgresql.py::test_a_database_that_stops_and_starts
    tests/server/test_server_postgresql.py::test_nothing_acknowledged_is_lost_while_connections_are_cut
16  program started twice
    tests/system/test_single_instance.py::test_a_second_start_raises_the_first_and_is_told_so
    tests/system/test_single_instance.py::test_many_starts_at_once_make_one_first
    tests/system/test_single_instance.py::test_after_a_kill_the_next_start_is_the_first
    tests/system/test_single_instance.py::test_a_first_one_that_hangs_is_not_waited_for_long
    tests/server/test_server_process.py::test_a_second_server_on_the_folder_is_refused
17  keyring
    tests/faults/test_keyring.py::test_a_start_waits_for_a_locked_keyring_and_works_when_it_is_open
    tests/faults/test_keyring.py::test_an_empty_keyring_makes_no_new_key_while_there_is_a_file
    tests/faults/test_keyring.py::test_a_keyring_that_hangs_or_dies_between_two_starts
    tests/faults/test_keyring.py::test_a_question_that_nobody_answers_is_not_waited_for_without_end
    tests/system/test_keyring_store.py::test_no_bus_at_all
    tests/system/test_keyring_store.py::test_locked_midway
    tests/system/test_keyring_store.py::test_never_set_up_and_the_question_put_away
    tests/system/test_keyring_store.py::test_hostile_settings_bring_in_no_code
18  newer database, newer server, older server
    tests/faults/test_older_history_window.py::test_an_older_server_is_said_to_be_one
    tests/store/test_opening_desk.py::test_a_newer_file_is_refused_by_its_meta_and_without_it
    tests/store/test_migrations.py::test_a_newer_server_database_is_refused
    tests/server/test_server_limits.py::test_another_version_is_told_what_to_do
    tests/sync/test_forged.py::test_what_only_a_newer_server_knows_does_not_stop_this_desk
    tests/ui/test_recovery_window.py::test_a_newer_file_is_left_alone
19  hostile server
    tests/faults/test_hostile_server.py::test_wrong_types_in_each_field_of_the_answer
    tests/faults/test_hostile_server.py::test_wrong_values_in_each_column_of_a_row
    tests/faults/test_hostile_server.py::test_rows_of_a_wrong_length_and_columns_that_are_not_there
    tests/faults/test_hostile_server.py::test_too_much_too_deep_and_bombs_are_bounded
    tests/faults/test_hostile_server.py::test_any_status_with_any_body_is_an_outage_or_said
    tests/faults/test_hostile_server.py::test_an_answer_that_drips_without_end_is_given_up
    tests/faults/test_hostile_server.py::test_unknown_values_and_ids_of_other_tables_do_nothing
    tests/faults/test_hostile_server.py::test_an_endless_answer_is_given_up_and_meanwhile_fills_no_disk_and_keeps_nobody_from_working_and_ending
    tests/sync/test_forged.py::test_answers_that_no_honest_server_gives
    tests/sync/test_forged.py::test_a_server_that_says_the_same_over_and_over_is_not_asked_without_end
    tests/sync/test_forged.py::test_a_mass_deletion_waits_for_a_person
    tests/server/test_older_history_travels.py::test_a_server_that_lies_puts_nothing_elsewhere
    tests/ui/test_recovery_window.py::test_the_word_of_a_stranger_removes_nothing
20  hostile desk
    tests/faults/test_hostile_desk.py::test_rows_of_another_team_are_refused_as_if_they_were_not_there
    tests/faults/test_hostile_desk.py::test_nothing_is_put_into_another_team
    tests/faults/test_hostile_desk.py::test_a_forged_author_is_refused_and_stands_in_the_log_under_who_sent_it
    tests/faults/test_hostile_desk.py::test_a_forged_time_is_held_to_the_servers_and_a_forged_revision_is_not_heard
    tests/faults/test_hostile_desk.py::test_who_is_no_administrator_administers_nothing
    tests/faults/test_hostile_desk.py::test_good_ones_beside_them_are_done_and_each_has_its_line_in_the_log
    tests/faults/test_hostile_desk.py::test_cursors_of_other_teams_bring_nothing
    tests/faults/test_hostile_desk.py::test_words_of_another_workstation_are_not_taken_at_all
    tests/sync/test_forged.py::test_an_undo_brings_back_what_the_server_saw_not_what_the_desk_says
    tests/sync/test_forged.py::test_references_are_looked_at_by_the_server
    tests/server/test_scope_fence.py::test_a_wrong_question_yields_no_foreign_row
21  bodies of a gigabyte, slow bodies
    tests/server/test_doors.py::test_a_gigabyte_is_refused_before_it_is_read_and_memory_stays_flat
    tests/server/test_doors.py::test_a_head_that_dribbles_is_cut_at_its_deadline
    tests/server/test_doors.py::test_many_big_bodies_at_once_are_held_to_what_the_server_has_room_for
    tests/server/test_server_process.py::test_a_body_that_trickles_is_given_up
    tests/server/test_server_process.py::test_many_slow_connections_leave_the_server_answering
22  text
    tests/faults/test_text.py::test_the_corpus_goes_the_whole_way_as_a_note_and_as_a_name
    tests/faults/test_text.py::test_any_text_at_all_goes_the_whole_way
    tests/faults/test_text.py::test_four_megabytes_are_kept_or_refused_and_stop_nothing
    tests/domain/test_text.py::test_what_would_block_an_outbox_is_taken_out
    tests/domain/test_text.py::test_a_name_cannot_be_made_to_read_backwards
    tests/sync/test_forged.py::test_text_that_no_desk_gives_is_refused
23  formulas in CSV, paths, HTML
    tests/faults/test_text.py::test_no_cell_of_an_export_runs_as_a_formula_whatever_was_typed
    tests/domain/test_text.py::test_no_defused_cell_begins_as_a_formula
    tests/server/test_exports.py::test_hostile_cells_are_defused
    tests/server/test_exports.py::test_an_export_replaces_an_earlier_one_and_nothing_else_unless_told
    tests/faults/test_window.py::test_no_part_of_the_window_takes_a_name_for_html
    tests/ui/kit/test_kit_gallery.py::test_every_label_is_plain_text
    tests/ui/kit/test_kit_words.py::test_labels_never_take_text_for_markup
24  private numbers in notes, logs, crash reports
    tests/faults/test_private_day.py::test_after_a_whole_day_no_file_holds_a_private_number
    tests/faults/test_private.py::test_what_is_typed_anywhere_is_masked_in_every_file
    tests/faults/test_private.py::test_what_waits_to_be_saved_is_in_drafts_alone
    tests/faults/test_private.py::test_a_crash_and_the_log_of_the_program_hold_none
    tests/faults/test_private.py::test_what_an_older_desk_sends_is_masked_before_anything_of_it_is_kept
    tests/faults/test_private.py::test_the_lead_learns_how_many_and_nothing_else
    tests/faults/test_private.py::test_a_call_that_is_taken_back_and_saved_again_counts_once
    tests/faults/test_private.py::test_what_was_said_of_a_number_lasts_with_its_draft
    tests/faults/test_private.py::test_a_colleague_who_edits_leaves_what_was_kept
    tests/commands/test_private_texts.py::test_what_slipped_through_is_masked_wherever_it_stands
    tests/commands/test_private_texts.py::test_the_desk_and_the_server_come_to_the_same
    tests/domain/test_private_numbers.py::test_misses_and_false_alarms_stay_within_their_bounds
26  two at once
    tests/faults/test_two_at_once.py::test_killed_while_a_full_disk_has_room_again
    tests/faults/test_two_at_once.py::test_postgresql_is_killed_while_answers_are_lost
    tests/faults/test_two_at_once.py::test_the_desk_is_killed_while_its_server_is_dead
    tests/faults/test_killed.py::test_a_restore_killed_at_each_step_is_done_or_can_be_done_again
    tests/server/test_backups.py::test_killed_at_any_step_a_restore_is_done_or_can_be_done_again
"""
