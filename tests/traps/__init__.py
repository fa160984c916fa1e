"""The traps that other systems fell into, as product.md numbers them: which test stands at which.

Traps 10 to 14 are of clocks, figures, merging and drafts. What lives here was tried nowhere else; `test_inventory` looks
whether each test that is named exists.

1   a home country in the code
    tests/domain/test_phone.py::test_no_country_is_at_home_in_the_code
    tests/domain/test_phone.py::test_the_home_region_says_what_a_prefix_means
    tests/domain/test_phone.py::test_every_example_of_every_region_is_read_and_shown_by_one_rule
    tests/traps/test_traps.py::test_trap_1_a_bureau_elsewhere_has_its_own_home
2   (212) 555-1234 not equal to +12125551234
    tests/domain/test_phone.py::test_all_ways_to_write_a_number_are_one_number
    tests/domain/test_phone.py::test_a_phone_system_may_leave_out_the_plus
    tests/store/test_caller_numbers.py::test_whoever_a_plain_reading_finds_is_found_and_nobody_else
    tests/traps/test_traps.py::test_trap_2_and_3_however_it_is_written_it_is_the_same_caller
3   /, dots, letters, "ext. 12" in numbers
    tests/domain/test_phone.py::test_an_extension_is_told_apart
    tests/domain/test_phone.py::test_letters_stand_for_digits
    tests/store/test_caller_lookup.py::test_an_extension_chooses_among_those_behind_one_number
    tests/traps/test_traps.py::test_trap_2_and_3_however_it_is_written_it_is_the_same_caller
4   our own trunk number on a contact swallowing every call
    tests/domain/test_phone.py::test_our_own_trunk_number_never_matches
    tests/store/test_caller_lookup.py::test_our_own_lines_are_nobodys
    tests/traps/test_traps.py::test_trap_4_our_own_line_on_a_contact_is_nobodys
5   a shared number logging one call per person
    tests/services/test_calls.py::test_who_it_is_when_several_share_a_number_and_when_nobody_does
    tests/traps/test_traps.py::test_trap_5_a_shared_number_is_one_call
    tests/traps/test_traps.py::test_trap_5_a_missed_call_of_a_shared_number_is_booked_on_nobody_though_one_is_shown
    tests/server/test_phone_server.py::test_a_shared_number_is_one_missed_call_of_nobody
6   inactive contacts matching silently
    tests/domain/test_matching.py::test_an_inactive_contact_never_matches_silently
    tests/services/test_calls.py::test_who_left_never_matches_silently
    tests/store/test_caller_lookup.py::test_inactive_people_and_closed_companies_say_so
    tests/store/test_caller_lookup.py::test_inactive_people_take_no_place_from_those_who_may_call
7   repeated, late, disordered events; a hang-up without a call; two answers; transfers
    tests/domain/test_phone_calls.py::test_order_and_repetition_change_nothing
    tests/domain/test_phone_calls.py::test_a_hang_up_without_a_call_says_that_its_beginning_is_unknown
    tests/domain/test_phone_calls.py::test_two_answers_are_two_handles_and_one_answer
    tests/domain/test_phone_calls.py::test_a_transfer_gives_each_agent_a_handle
    tests/server/test_phone_sequences.py::test_whatever_the_order_and_repetition_it_tells_the_same_calls
    tests/server/test_phone_server.py::test_in_any_order_and_repetition_it_is_the_same_call
    tests/server/test_phone_rows.py::test_in_any_order_and_repetition_the_same_rows_are_left
    tests/services/test_phone_system_calls.py::test_what_was_answered_is_mine_though_the_ringing_or_the_answer_is_heard_of_late
    tests/services/test_live_calls.py::test_a_hang_up_of_a_call_that_nobody_knows_is_nothing
8   caller names with quotes, &, control characters, right-to-left marks
    tests/domain/test_phone_calls.py::test_hostile_text_is_one_harmless_line
    tests/server/test_phone_webhooks.py::test_hostile_values_make_harmless_lines
    tests/server/test_phone_ami.py::test_hostile_headers_make_harmless_events
    tests/system/test_call_message.py::test_whatever_comes_can_be_handed_over
    tests/faults/test_window.py::test_no_part_of_the_window_takes_a_name_for_html
    tests/traps/test_traps.py::test_trap_8_a_hostile_name_is_one_line_on_the_card_and_in_the_log
9   busy shown as ringing; answered elsewhere shown as missed
    tests/domain/test_phone_calls.py::test_busy_is_never_shown_as_ringing
    tests/domain/test_phone_calls.py::test_a_call_that_was_busy_and_not_answered_does_not_ring
    tests/domain/test_phone_calls.py::test_answered_elsewhere_is_said_by_the_cause_as_well
    tests/services/test_phone_system_calls.py::test_answered_elsewhere_takes_the_card_away_and_is_not_my_missed_call
15  masking that misses + numbers or hits a phone number
    tests/domain/test_private_numbers.py::test_a_plus_before_it_does_not_hide_a_number_that_no_phone_has
    tests/domain/test_private_numbers.py::test_no_phone_number_of_any_region_in_any_form_is_taken_for_another
    tests/domain/test_private_numbers.py::test_misses_and_false_alarms_stay_within_their_bounds
16  note text unescaped into FTS queries, CSV, HTML
    tests/store/test_search_hostile.py::test_any_text_is_answered_and_marks_stay_within_their_texts
    tests/store/test_search_hostile.py::test_operators_are_words
    tests/faults/test_text.py::test_no_cell_of_an_export_runs_as_a_formula_whatever_was_typed
    tests/server/test_exports.py::test_no_cell_runs_as_a_formula
    tests/faults/test_window.py::test_no_part_of_the_window_takes_a_name_for_html
17  a workstation's clock that is wrong
    tests/faults/test_clocks.py::test_times_are_the_servers_whatever_the_desk_thinks
    tests/faults/test_clocks.py::test_the_later_edit_counts_though_its_clock_is_two_days_behind_the_others
    tests/services/test_calls.py::test_the_wall_clock_jumping_does_not_touch_a_running_timer
    tests/services/test_softphone.py::test_a_moment_that_cannot_be_is_now
    tests/domain/test_phone_calls.py::test_a_phone_system_with_a_wrong_clock_gives_the_lengths_and_no_dates
"""
