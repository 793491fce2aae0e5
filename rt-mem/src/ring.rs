//! The spans of one class in one heap: a ring. The one at the head is allocated from; those right
//! behind it have blocks, as far as is known; the rest is full. Go: `mcentral.partial`, `.full`.
//!
//! # Safety
//! - **members**: a span in a ring is initialised, owned by the ring's heap, and in no other ring;
//!   its links are touched through the ring only.
#![allow(unsafe_code, reason = "**members**: links by address")]

use core::ptr::{NonNull, null};

use crate::span::Span;

/// A ring of spans, maybe empty.
#[derive(Debug)]
pub(crate) struct Ring {
    head: *const Span,
}

impl Ring {
    pub(crate) const EMPTY: Ring = Ring { head: null() };

    /// The span to allocate from.
    #[inline(always)]
    pub(crate) fn head(&self) -> Option<&Span> {
        // SAFETY: **members**.
        unsafe { self.head.as_ref() }
    }

    /// Whether this span is the head.
    #[inline(always)]
    pub(crate) fn is_head(&self, span: NonNull<Span>) -> bool {
        core::ptr::eq(self.head, span.as_ptr())
    }

    /// Turns the ring: the next span is the head. Returns it.
    pub(crate) fn turn(&mut self) -> Option<&Span> {
        self.head = self.head()?.next.get();
        self.head()
    }

    /// Makes `span` the head; the former head is right behind it.
    ///
    /// # Safety
    /// **members**, and in no ring yet.
    pub(crate) unsafe fn push_head(&mut self, span: NonNull<Span>) {
        let last = self.head().map_or(null(), |head| head.prev.get());
        // SAFETY: the caller's.
        unsafe { self.link_behind(last, span) };
        self.head = span.as_ptr();
    }

    /// Puts `span` right behind the head.
    ///
    /// # Safety
    /// **members**, and in no ring yet.
    pub(crate) unsafe fn push_second(&mut self, span: NonNull<Span>) {
        // SAFETY: the caller's.
        unsafe { self.link_behind(self.head, span) };
        if self.head.is_null() {
            self.head = span.as_ptr();
        }
    }

    /// # Safety
    /// **members**; `prev` is in this ring, or null when the ring is empty.
    unsafe fn link_behind(&mut self, prev: *const Span, span: NonNull<Span>) {
        let at = span.as_ptr().cast_const();
        // SAFETY: the caller's.
        let span = unsafe { span.as_ref() };
        // SAFETY: the caller's.
        let Some(prev) = (unsafe { prev.as_ref() }) else {
            span.next.set(at);
            span.prev.set(at);
            return;
        };
        let next = prev.next.get();
        span.prev.set(prev);
        span.next.set(next);
        prev.next.set(at);
        // SAFETY: **members**: a neighbour is one.
        unsafe { &*next }.prev.set(at);
    }

    /// Takes `span` out.
    ///
    /// # Safety
    /// It is in this ring.
    pub(crate) unsafe fn remove(&mut self, span: NonNull<Span>) {
        let at = span.as_ptr().cast_const();
        // SAFETY: **members**.
        let span = unsafe { span.as_ref() };
        let (next, prev) = (span.next.get(), span.prev.get());
        if core::ptr::eq(next, at) {
            self.head = null();
            return;
        }
        // SAFETY: **members**: neighbours are.
        unsafe { &*prev }.next.set(next);
        // SAFETY: as above.
        unsafe { &*next }.prev.set(prev);
        if core::ptr::eq(self.head, at) {
            self.head = next;
        }
    }

    /// Takes the head out.
    pub(crate) fn pop_head(&mut self) -> Option<NonNull<Span>> {
        let head = NonNull::new(self.head.cast_mut())?;
        // SAFETY: it is in this ring.
        unsafe { self.remove(head) };
        Some(head)
    }

    /// Each span, from the head on.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Span> {
        let mut at = self.head();
        core::iter::from_fn(move || {
            let span = at?;
            let next = span.next.get();
            // SAFETY: **members**.
            at = if core::ptr::eq(next, self.head) { None } else { unsafe { next.as_ref() } };
            Some(span)
        })
    }
}
