//! What the rings hold, put together and in order.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::event::{Event, Kind, NO_M};
use super::ring::{Ring, Slot};

/// What stands behind an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    None,
    Address(u64),
    Text(Box<str>),
}

/// An event with its time, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Ticks since the trace began.
    pub(super) at: u64,
    /// The P on which it was recorded; `None`: by an M without one.
    pub(super) p: Option<u32>,
    /// That M.
    pub(super) by: Option<u16>,
    pub(super) event: Event,
    pub(super) extra: Extra,
}

impl Record {
    pub(super) fn text(&self) -> &str {
        if let Extra::Text(text) = &self.extra { text } else { "" }
    }

    pub(super) fn address(&self) -> u64 {
        if let Extra::Address(address) = self.extra { address } else { 0 }
    }
}

/// All that the rings hold, by time; what one P recorded stays in its order.
pub(super) fn merge(rings: &[(u32, Ring)], elsewhere: &Ring) -> Vec<Record> {
    let mut records = Vec::new();
    for (p, ring) in rings {
        read(Some(*p), ring, &mut records);
    }
    read(None, elsewhere, &mut records);
    records.sort_by_key(|record| record.at);
    records
}

/// The time from which on every ring is whole: where the first was overwritten last, in ticks.
pub(super) fn whole_since(rings: &[(u32, Ring)], elsewhere: &Ring) -> u64 {
    let all = rings.iter().map(|(_, ring)| ring).chain([elsewhere]);
    let first = |ring: &Ring| ring.iter().next().map_or(0, Slot::ticks);
    all.filter(|ring| ring.lost() > 0).map(first).max().unwrap_or(0)
}

fn read(p: Option<u32>, ring: &Ring, records: &mut Vec<Record>) {
    let mut slots = ring.iter().peekable();
    let mut by = None;
    while let Some(slot) = slots.next() {
        let Some(kind) = slot.kind() else { continue };
        let event = Event::unpack(kind, slot.body);
        let extra = match kind {
            Kind::Text | Kind::Address => continue, // what it belonged to is overwritten
            Kind::By => {
                by = Some(event.m).filter(|m| *m != NO_M);
                continue;
            }
            Kind::Create => slots
                .next_if(|next| next.kind() == Some(Kind::Address))
                .map_or(Extra::None, |next| Extra::Address(next.body)),
            Kind::Name | Kind::Mark | Kind::RegionBegin => {
                let mut bytes = Vec::new();
                while let Some(part) = slots.next_if(|next| next.kind() == Some(Kind::Text)) {
                    bytes.extend_from_slice(&part.body.to_le_bytes());
                }
                bytes.truncate(usize::from(event.how));
                Extra::Text(alloc::string::String::from_utf8_lossy(&bytes).into())
            }
            _ => Extra::None,
        };
        records.push(Record { at: slot.ticks(), p, by: by.take(), event, extra });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(slots: usize) -> Ring {
        Ring::new(slots).unwrap()
    }

    #[test]
    fn rings_are_merged_by_time() {
        let (p0, p1, elsewhere) = (ring(8), ring(8), ring(8));
        for (at, ring) in [(1, &p0), (4, &p0), (2, &p1), (4, &p1)] {
            ring.put_at(at, Event::new(Kind::Start, at));
        }
        elsewhere.put_at(9, Event { m: 5, ..Event::new(Kind::By, 0) });
        elsewhere.put_at(3, Event::new(Kind::Ready, 3));
        elsewhere.put_at(9, Event::new(Kind::By, 0));
        elsewhere.put_at(10, Event::new(Kind::Ready, 4));
        let records = merge(&[(0, p0), (1, p1)], &elsewhere);
        let seen: Vec<_> = records.iter().map(|r| (r.at, r.p, r.by)).collect();
        let none = (None, None);
        let expected = [
            (1, Some(0), None),
            (2, Some(1), None),
            (3, None, Some(5)),
            (4, Some(0), None),
            (4, Some(1), None),
            (10, none.0, none.1),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_lost_its_head_is_left_out() {
        let ring = ring(4);
        ring.put_text(Event::new(Kind::Mark, 0), "twelve bytes");
        ring.put_with_address(Event::new(Kind::Create, 7), 0x1234);
        let mut records = Vec::new();
        read(Some(0), &ring, &mut records);
        assert_eq!(records.len(), 1);
        assert_eq!((records[0].event.number, records[0].address()), (7, 0x1234));
        assert!(whole_since(&[], &ring) > 0);
    }

    #[test]
    fn texts_come_behind_their_events() {
        let ring = ring(32);
        ring.put_text(Event::new(Kind::Name, 3), "a name of more than 8 bytes, äöü");
        ring.put_text(Event::new(Kind::Mark, 0), "");
        let mut records = Vec::new();
        read(Some(0), &ring, &mut records);
        assert_eq!(records[0].text(), "a name of more than 8 bytes, äöü");
        assert_eq!((records[1].text(), whole_since(&[], &ring)), ("", 0));
    }
}
