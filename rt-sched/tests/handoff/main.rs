//! The hand-off of a P, explored: two Ms and two retakers, in every order of their steps and of
//! their stores' arrival in memory. What Go's `retake` has a signal for rests here on one barrier
//! and one word; so the rules are tried out, not argued for.
//!
//! Bounds: two Ms, up to two Ps and three goroutines, each with up to three entries and an end or
//! an endless loop; retakers with two tries, who stops the world with as many as it takes; up to
//! four stores wait in a processor's queue. Each test prints how many states there are.
//!
//! Held to: one party at a time touches a P's own data, and sees what the last one stored; a P
//! changes hands only from who has it; from every state an end can be reached, in which no P and no
//! goroutine is lost, the world does not stand, and no goroutine waits beside an idle P.

mod agree;
mod explore;
mod machine;
mod retaker;
mod rules;
mod tso;
mod world;

use explore::{Broken, Seen, explore};
use retaker::Task;
use rules::{Barrier, Rules};
use world::{Op, Scenario};

use Op::{Brief, End, Hog, Nested, Swap, Yield};

const SOUND: Rules = Rules::sound(Barrier::AtOnce);
const WATCH: Task = Task::Watch(&[0, 0]);
const ONCE: Task = Task::Watch(&[0]);

fn scenario(rules: Rules, ps: usize, scripts: &[&[Op]], tasks: [Task; 2]) -> Scenario {
    let scripts = scripts.iter().map(|script| script.to_vec()).collect();
    Scenario { rules, ps, scripts, tasks }
}

/// The rules hold, and the exploration reached as far as it shall.
#[track_caller]
fn holds(scenario: &Scenario, states_at_least: usize) {
    let Seen { states, steps, ends } =
        explore(scenario).unwrap_or_else(|broken| panic!("{broken:?}"));
    println!("{states} states, {steps} steps, {ends} ends");
    assert!(states >= states_at_least && ends > 0, "only {states} states, {ends} ends");
}

/// A rule is broken; the first way to it, and the shortest, is printed.
#[track_caller]
fn breaks(scenario: &Scenario, what: &str) {
    let broken: Broken = match explore(scenario) {
        Ok(seen) => panic!("nobody found it: {seen:?}"),
        Err(broken) => broken,
    };
    println!("{broken:?}");
    assert!(broken.what.contains(what), "not {what:?}: {broken:?}");
}

#[test]
fn a_p_is_taken_from_a_thread_in_user_code() {
    let tasks = [WATCH, Task::Nothing];
    holds(&scenario(SOUND, 1, &[&[Brief, Nested, Brief, End], &[Yield, End]], tasks), 20_000);
}

#[test]
fn two_watchers() {
    holds(&scenario(SOUND, 1, &[&[Brief, Yield, End], &[End]], [WATCH, WATCH]), 100_000);
    holds(&scenario(SOUND, 1, &[&[Yield, Nested, Hog], &[End]], [WATCH, ONCE]), 100_000);
}

#[test]
fn the_world_stops_beside_a_watcher() {
    let scripts: &[&[Op]] = &[&[Brief, Nested, Brief, End], &[Yield, End]];
    holds(&scenario(SOUND, 1, scripts, [WATCH, Task::Stop]), 500_000);
}

#[test]
fn the_world_stops_though_a_thread_never_comes_back() {
    let scripts: &[&[Op]] = &[&[Brief, Yield, Hog], &[Swap, End]];
    holds(&scenario(SOUND, 1, scripts, [WATCH, Task::Stop]), 200_000);
}

#[test]
fn two_ps_stop() {
    let tasks = [Task::Watch(&[0, 1]), Task::Stop];
    holds(&scenario(SOUND, 2, &[&[Brief, Hog], &[Swap, End]], tasks), 300_000);
}

#[test]
fn two_ps_change_places() {
    let tasks = [Task::Watch(&[0]), Task::Watch(&[1])];
    holds(&scenario(SOUND, 2, &[&[Yield, Hog], &[End], &[End]], tasks), 100_000);
}

#[test]
fn membarrier_reaches_one_processor_after_the_other() {
    let rules = Rules::sound(Barrier::OneByOne);
    holds(&scenario(rules, 1, &[&[Brief, Yield, Hog], &[End]], [WATCH, ONCE]), 100_000);
    holds(&scenario(rules, 1, &[&[Brief, Yield, End]], [WATCH, Task::Stop]), 50_000);
}

#[test]
fn fences_where_there_is_no_membarrier() {
    let rules = Rules::sound(Barrier::Fences);
    holds(&scenario(rules, 1, &[&[Brief, Yield, Hog], &[End]], [WATCH, WATCH]), 50_000);
    holds(&scenario(rules, 1, &[&[Brief, Nested, End], &[End]], [WATCH, Task::Stop]), 50_000);
}

/// The owner's three entries beside one watcher, or two.
fn one_p(rules: Rules, second: Task) -> Scenario {
    scenario(rules, 1, &[&[Brief, Yield, Brief, Hog], &[End]], [WATCH, second])
}

#[test]
fn broken_without_a_barrier() {
    let rules = Rules::sound(Barrier::Nothing);
    breaks(&one_p(rules, Task::Nothing), "P 0");
}

#[test]
fn broken_without_tickets() {
    // One retaker's look at `inside` is spent on the other's request.
    let rules = Rules { tickets: false, ..SOUND };
    breaks(&one_p(rules, WATCH), "P 0");
    holds(&one_p(rules, Task::Nothing), 10_000);
}

#[test]
fn broken_where_an_entry_looks_before_it_says_so() {
    breaks(&one_p(Rules { looks_first: true, ..SOUND }, Task::Nothing), "P 0");
}

#[test]
fn broken_where_it_leaves_before_its_last_store() {
    breaks(&one_p(Rules { leaves_early: true, ..SOUND }, Task::Nothing), "P 0");
}

#[test]
fn broken_where_m_p_is_read_before_the_request() {
    let rules = Rules { reads_p_first: true, ..SOUND };
    let tasks = [Task::Watch(&[0]), Task::Watch(&[0, 1])];
    breaks(&scenario(rules, 2, &[&[Yield, Brief, End], &[End], &[End]], tasks), "takes P");
}

#[test]
fn broken_where_a_request_is_answered_by_a_plain_store() {
    breaks(&one_p(Rules { answers_plainly: true, ..SOUND }, Task::Nothing), "P 0");
}

#[test]
fn broken_where_anothers_barrier_is_trusted() {
    breaks(&one_p(Rules { trusts_others_barrier: true, ..SOUND }, WATCH), "P 0");
}

#[test]
fn broken_where_a_stopping_world_hands_out_ps() {
    let rules = Rules { hands_out_while_stopping: true, ..SOUND };
    breaks(&one_p(rules, Task::Stop), "never ends");
}

#[test]
fn broken_where_the_goroutine_of_a_lost_p_is_forgotten() {
    let rules = Rules { forgets_to_queue: true, ..SOUND };
    breaks(&one_p(rules, Task::Nothing), "goroutine 0 is lost");
}
