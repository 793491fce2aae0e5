//! The rules that are explored are those of `rt_sched::handoff`: each state of the real words, each
//! thing that can be done, and what comes of it.

use rt_sched::handoff::{Brief, Handoff, Request};

use crate::rules::{self, Ask, Entry};

/// Tickets that the states below are made with, and that requests are made with.
const OLD: u8 = 3;
const NEW: u8 = 5;

/// The states of the word, in the rules' terms.
const NONE: u8 = 0;

fn asked(ticket: u8) -> u8 {
    match rules::ask(NONE, ticket) {
        Ask::Asks(word) => word,
        other => panic!("nobody has asked, and yet {other:?}"),
    }
}

fn states() -> [u8; 3] {
    [NONE, asked(OLD), rules::taken(asked(OLD))]
}

/// A real pair of words in that state, in user code, with the request that made it so.
fn real(state: u8, fenced: bool) -> (Handoff, Option<Request>) {
    let handoff = Handoff::new(fenced);
    handoff.leave();
    if state == NONE {
        return (handoff, None);
    }
    let request = handoff.ask(u64::from(OLD)).expect("nobody has asked");
    if rules::is_taken(state) {
        assert!(handoff.take(request));
    }
    (handoff, Some(request))
}

/// Which of the three states it is in: told apart by what a retaker can do.
fn state_of(handoff: &Handoff, last: Option<Request>) -> u8 {
    if handoff.is_taken() {
        return rules::taken(asked(OLD));
    }
    let found = handoff.ask(u64::from(NEW)).expect("it is not taken");
    if Some(found) == last { asked(OLD) } else { NONE }
}

#[test]
fn the_real_words_follow_the_rules() {
    for fenced in [false, true] {
        for state in states() {
            // To leave.
            let (handoff, request) = real(state, fenced);
            let has_p = handoff.enter_to_leave();
            let (wanted, after) = match rules::enter_to_leave(state) {
                Entry::Has => (true, state),
                Entry::Answer(word) => (true, word),
                Entry::Lost => (false, state),
                Entry::Outside => panic!("who leaves stays inside"),
            };
            assert_eq!((has_p, state_of(&handoff, request)), (wanted, after), "{state}");
            assert!(handoff.is_inside());

            // For a moment.
            let (handoff, request) = real(state, fenced);
            let wanted = match rules::enter_briefly(state) {
                Entry::Has => Brief::Inside,
                _ => Brief::Outside,
            };
            assert_eq!(handoff.enter_briefly(), wanted, "{state}");
            assert_eq!(handoff.is_inside(), wanted == Brief::Inside);
            assert_eq!(state_of(&handoff, request), state);

            // With a P again.
            let (handoff, request) = real(state, fenced);
            handoff.acquired();
            let after = rules::acquired(state).unwrap_or(state);
            assert_eq!(state_of(&handoff, request), after, "{state}");

            // Asked for.
            let (handoff, request) = real(state, fenced);
            match (rules::ask(state, NEW), handoff.ask(u64::from(NEW))) {
                (Ask::Asks(_), Some(new)) => assert!(Some(new) != request && handoff.take(new)),
                (Ask::Stands, Some(same)) => assert!(Some(same) == request && handoff.take(same)),
                (Ask::No, None) => assert!(handoff.is_taken()),
                (rule, real) => panic!("{state}: {rule:?}, and yet {real:?}"),
            }

            // Taken back, and taken by an old request.
            let (handoff, request) = real(state, fenced);
            let Some(request) = request else { continue };
            handoff.withdraw(request);
            let after = if rules::is_taken(state) { state } else { rules::withdrawn(state) };
            assert_eq!(state_of(&handoff, Some(request)), after, "{state}");
            assert!(!handoff.take(request), "a request is spent once");
        }
    }
}

#[test]
fn who_is_inside_comes_in_again() {
    let handoff = Handoff::new(false);
    assert_eq!(handoff.enter_briefly(), Brief::Nested);
    let request = handoff.ask(1).unwrap();
    assert_eq!(handoff.enter_briefly(), Brief::Nested, "a request does not matter inside");
    handoff.withdraw(request);
}
