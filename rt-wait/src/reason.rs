//! Why a goroutine waits. Go: `waitReason`.

macro_rules! wait_reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a goroutine waits. The texts are Go's: they stand in dumps that people and tools
        /// read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
        #[repr(u8)]
        pub enum WaitReason {
            /// It does not wait.
            #[default]
            None,
            $($(#[$doc])* $name,)*
        }

        impl WaitReason {
            /// Go's text for the reason; empty for `None`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    WaitReason::None => "",
                    $(WaitReason::$name => $text,)*
                }
            }

            /// The reason whose discriminant is `number`; `None` when there is no such.
            #[must_use]
            pub const fn from_u8(number: u8) -> WaitReason {
                const ALL: &[WaitReason] = &[WaitReason::None, $(WaitReason::$name),*];
                if (number as usize) < ALL.len() { ALL[number as usize] } else { WaitReason::None }
            }
        }
    };
}

wait_reasons! {
    /// Readiness of a file descriptor.
    IoWait = "IO wait",
    /// Receive from a channel that does not exist.
    ChanReceiveNil = "chan receive (nil chan)",
    /// Send to a channel that does not exist.
    ChanSendNil = "chan send (nil chan)",
    /// A select without a case.
    SelectNoCases = "select (no cases)",
    /// A select.
    Select = "select",
    /// Receive from a channel.
    ChanReceive = "chan receive",
    /// Send to a channel.
    ChanSend = "chan send",
    /// A semaphore, a join and all that has no name of its own.
    Semacquire = "semacquire",
    /// A time.
    Sleep = "sleep",
    /// A condition variable.
    CondWait = "sync.Cond.Wait",
    /// A mutex.
    MutexLock = "sync.Mutex.Lock",
    /// A read lock.
    RwMutexRLock = "sync.RWMutex.RLock",
    /// A write lock.
    RwMutexLock = "sync.RWMutex.Lock",
    /// A group of goroutines.
    WaitGroupWait = "sync.WaitGroup.Wait",
    /// The end of the program after a panic.
    PanicWait = "panicwait",
    /// The world.
    StoppingTheWorld = "stopping the world",
    /// An unpark.
    Park = "park",
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_found_by_number() {
        assert_eq!(WaitReason::from_u8(WaitReason::Sleep as u8).as_str(), "sleep");
        assert_eq!(WaitReason::from_u8(0), WaitReason::None);
        assert_eq!(WaitReason::from_u8(255), WaitReason::None);
    }
}
