//! `select!` and `select_biased!`: a select that reads like a match. crossbeam-channel's grammar.

/// Does one of several operations, whichever can be done first; one at random when several can.
///
/// ```
/// use rt_sync::chan;
/// use rt_sync::host::NoStd;
///
/// let (s1, r1) = chan::bounded::<u8, NoStd>(1);
/// let (s2, r2) = chan::bounded::<u8, NoStd>(0);
/// s1.send(7).unwrap();
/// let got = rt_sync::select! {
///     recv(r1) -> message => message.unwrap(),
///     send(s2, 8) -> result => { result.unwrap(); 0 }
///     default => 1,
/// };
/// assert_eq!(got, 7);
/// drop(r2);
/// ```
///
/// - `recv(receiver) -> pattern => body`: the pattern is bound to a `Result<T, RecvError>`.
/// - `send(sender, message) -> pattern => body`: to a `Result<(), SendError<T>>`; the message is
///   evaluated only when the case was selected.
/// - `default => body`: when none can be done at once. `default(timeout) => body`: when none could
///   be done in that time.
///
/// Without cases it waits for ever.
#[macro_export]
macro_rules! select {
    ($($arms:tt)*) => { $crate::__select_arms!((new) [] [] $($arms)*) };
}

/// As [`select!`](crate::select), but of several operations that can be done it takes the first in
/// the list.
#[macro_export]
macro_rules! select_biased {
    ($($arms:tt)*) => { $crate::__select_arms!((new_biased) [] [] $($arms)*) };
}

/// Reads the arms one by one into `[cases] [default]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_arms {
    // Done.
    ($m:tt [$($case:tt)*] $default:tt) => {
        $crate::__select_bind!($m [] $default $($case)*)
    };
    ($m:tt $cases:tt $default:tt , $($rest:tt)*) => {
        $crate::__select_arms!($m $cases $default $($rest)*)
    };

    ($m:tt [$($case:tt)*] $d:tt recv($r:expr $(,)?) -> $p:pat => $b:block $($rest:tt)*) => {
        $crate::__select_arms!($m [$($case)* (recv ($r) () ($p) $b)] $d $($rest)*)
    };
    ($m:tt [$($case:tt)*] $d:tt recv($r:expr $(,)?) -> $p:pat => $b:expr, $($rest:tt)*) => {
        $crate::__select_arms!($m [$($case)* (recv ($r) () ($p) $b)] $d $($rest)*)
    };
    ($m:tt [$($case:tt)*] $d:tt recv($r:expr $(,)?) -> $p:pat => $b:expr) => {
        $crate::__select_arms!($m [$($case)* (recv ($r) () ($p) $b)] $d)
    };

    ($m:tt [$($case:tt)*] $d:tt
        send($s:expr, $v:expr $(,)?) -> $p:pat => $b:block $($rest:tt)*
    ) => {
        $crate::__select_arms!($m [$($case)* (send ($s) ($v) ($p) $b)] $d $($rest)*)
    };
    ($m:tt [$($case:tt)*] $d:tt
        send($s:expr, $v:expr $(,)?) -> $p:pat => $b:expr, $($rest:tt)*
    ) => {
        $crate::__select_arms!($m [$($case)* (send ($s) ($v) ($p) $b)] $d $($rest)*)
    };
    ($m:tt [$($case:tt)*] $d:tt send($s:expr, $v:expr $(,)?) -> $p:pat => $b:expr) => {
        $crate::__select_arms!($m [$($case)* (send ($s) ($v) ($p) $b)] $d)
    };

    ($m:tt $cases:tt [] default $(())? => $b:block $($rest:tt)*) => {
        $crate::__select_arms!($m $cases [() $b] $($rest)*)
    };
    ($m:tt $cases:tt [] default $(())? => $b:expr, $($rest:tt)*) => {
        $crate::__select_arms!($m $cases [() $b] $($rest)*)
    };
    ($m:tt $cases:tt [] default $(())? => $b:expr) => {
        $crate::__select_arms!($m $cases [() $b])
    };
    ($m:tt $cases:tt [] default($t:expr $(,)?) => $b:block $($rest:tt)*) => {
        $crate::__select_arms!($m $cases [($t) $b] $($rest)*)
    };
    ($m:tt $cases:tt [] default($t:expr $(,)?) => $b:expr, $($rest:tt)*) => {
        $crate::__select_arms!($m $cases [($t) $b] $($rest)*)
    };
    ($m:tt $cases:tt [] default($t:expr $(,)?) => $b:expr) => {
        $crate::__select_arms!($m $cases [($t) $b])
    };
}

/// Evaluates the handles, each once, under names of their own; then selects.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_bind {
    ($m:tt [$($bound:tt)*] $default:tt ($op:ident ($h:expr) $v:tt $p:tt $b:expr) $($rest:tt)*) => {
        match &$h {
            handle => $crate::__select_bind!(
                $m [$($bound)* ($op handle index $v $p $b)] $default $($rest)*
            ),
        }
    };

    // No cases: the host does not matter.
    ($m:tt [] [] ) => { $crate::chan::__wait_for_ever() };
    ($m:tt [] [() $b:expr]) => { $b };
    ($m:tt [] [($t:expr) $b:expr]) => {{
        let _nothing = $crate::chan::Select::<$crate::host::NoStd>::new().ready_timeout($t);
        $b
    }};

    // Receives only: if one seems ready it is tried at once, without a select.
    (($new:ident) [$((recv $handle:ident $index:ident () ($p:pat) $b:expr))+] []) => {{
        let (mut ready, mut bit) = (0u64, 0u32);
        $(
            if bit < 64 {
                ready |= ($handle.__seems_ready() as u64) << bit;
            }
            bit += 1;
        )+
        let _ = bit;
        $(let mut $index = ::core::option::Option::None;)+
        let mut done = false;
        while ready != 0 {
            let pick = $crate::chan::__pick(&mut ready, $crate::__select_is_biased!($new));
            let mut bit = 0u32;
            $(
                if bit == pick {
                    $index = $handle.__poll();
                    done = $index.is_some();
                }
                bit += 1;
            )+
            let _ = bit;
            if done {
                break;
            }
        }
        if !done {
            let mut select = $crate::chan::Select::$new();
            $(select.recv($handle);)+
            let selected = select.__select_wait();
            let at = selected.index();
            let mut selected = ::core::option::Option::Some(selected);
            let mut case = 0usize;
            $(
                if case == at {
                    if let ::core::option::Option::Some(selected) = selected.take() {
                        $index = ::core::option::Option::Some(selected.recv($handle));
                    }
                }
                case += 1;
            )+
            let _ = case;
        }
        $crate::__select_bodies!($(($index ($p) $b))+)
    }};
    (($new:ident) [$(($op:ident $handle:ident $index:ident $v:tt $p:tt $b:expr))+] []) => {{
        let mut select = $crate::chan::Select::$new();
        $(let $index = select.$op($handle);)+
        let selected = select.select();
        $crate::__select_complete!(selected $(($op $handle $index $v $p $b))+)
    }};
    (
        ($new:ident)
        [$(($op:ident $handle:ident $index:ident $v:tt $p:tt $b:expr))+]
        [() $d:expr]
    ) => {{
        let mut select = $crate::chan::Select::$new();
        $(let $index = select.$op($handle);)+
        match select.try_select() {
            ::core::result::Result::Ok(selected) => {
                $crate::__select_complete!(selected $(($op $handle $index $v $p $b))+)
            }
            ::core::result::Result::Err(_) => $d,
        }
    }};
    (
        ($new:ident)
        [$(($op:ident $handle:ident $index:ident $v:tt $p:tt $b:expr))+]
        [($t:expr) $d:expr]
    ) => {{
        let mut select = $crate::chan::Select::$new();
        $(let $index = select.$op($handle);)+
        match select.select_timeout($t) {
            ::core::result::Result::Ok(selected) => {
                $crate::__select_complete!(selected $(($op $handle $index $v $p $b))+)
            }
            ::core::result::Result::Err(_) => $d,
        }
    }};
}

/// Is it the select that takes the first that is ready?
#[doc(hidden)]
#[macro_export]
macro_rules! __select_is_biased {
    (new) => {
        false
    };
    (new_biased) => {
        true
    };
}

/// Goes on with the body of the case that has got its message.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_bodies {
    (($got:ident ($p:pat) $b:expr) $($rest:tt)*) => {
        if let ::core::option::Option::Some(message) = $got {
            let $p = message;
            $b
        } else {
            $crate::__select_bodies!($($rest)*)
        }
    };
    () => { ::core::unreachable!("some case was selected") };
}

/// Completes the case that was selected, and goes on with its body.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_complete {
    ($selected:ident (recv $handle:ident $index:ident () ($p:pat) $b:expr) $($rest:tt)*) => {
        if $selected.index() == $index {
            let $p = $selected.recv($handle);
            $b
        } else {
            $crate::__select_complete!($selected $($rest)*)
        }
    };
    ($selected:ident (send $handle:ident $index:ident ($v:expr) ($p:pat) $b:expr) $($rest:tt)*) => {
        if $selected.index() == $index {
            let $p = $selected.send($handle, $v);
            $b
        } else {
            $crate::__select_complete!($selected $($rest)*)
        }
    };
    ($selected:ident) => { $crate::chan::never_selected($selected) };
}
