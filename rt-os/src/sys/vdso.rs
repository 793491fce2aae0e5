//! Looking up a name in the vDSO, or in any ELF image that is mapped. Go: `vdsoFindVersion`,
//! `vdsoParseSymbols`. elf(5), vdso(7).
//!
//! Every symbol is looked at in turn: there are a dozen, and it happens once. Of the hash tables
//! only the number of symbols is used, for nothing else tells it; images have DT_HASH, DT_GNU_HASH,
//! or both.
//!
//! # Safety
//! - **image**: the address is that of a whole, well-formed ELF64 image, mapped for ever.
#![allow(unsafe_code, reason = "**image**: an ELF image by address")]

use core::ffi::CStr;

/// The address of a symbol in a mapped ELF image.
///
/// # Safety
/// **image**.
pub(crate) unsafe fn find_symbol(ehdr: usize, name: &CStr) -> Option<usize> {
    // SAFETY: **image**, here and below: every address lies in it.
    let header = unsafe { &*(ehdr as *const libc::Elf64_Ehdr) };
    if header.e_ident[..4] != *b"\x7fELF" {
        return None;
    }
    let (mut bias, mut dynamic) = (None, 0);
    for i in 0..header.e_phnum as usize {
        let at = ehdr + header.e_phoff as usize + i * header.e_phentsize as usize;
        // SAFETY: **image**.
        let segment = unsafe { &*(at as *const libc::Elf64_Phdr) };
        match segment.p_type {
            1 if bias.is_none() => {
                bias = Some(
                    ehdr.wrapping_add(segment.p_offset as usize)
                        .wrapping_sub(segment.p_vaddr as usize),
                );
            }
            2 => dynamic = ehdr + segment.p_offset as usize,
            _ => {}
        }
    }
    let bias = bias.filter(|_| dynamic != 0)?;
    // SAFETY: **image**.
    let tables = unsafe { Tables::read(dynamic as *const [usize; 2], bias)? };
    (0..tables.count).find_map(|i| {
        // SAFETY: **image**: `count` symbols.
        let symbol = unsafe { &*(tables.symbols as *const libc::Elf64_Sym).add(i) };
        // SAFETY: **image**: names end with NUL.
        let found =
            unsafe { CStr::from_ptr((tables.strings + symbol.st_name as usize) as *const _) };
        let defined = symbol.st_shndx != 0 && symbol.st_value != 0;
        (defined && found == name).then(|| bias.wrapping_add(symbol.st_value as usize))
    })
}

/// The tables that the dynamic section names.
struct Tables {
    symbols: usize,
    strings: usize,
    count: usize,
}

impl Tables {
    /// # Safety
    /// **image**: `entry` is its dynamic section, loaded with `bias`.
    unsafe fn read(mut entry: *const [usize; 2], bias: usize) -> Option<Tables> {
        let (mut symbols, mut strings, mut hash, mut gnu_hash) = (0, 0, 0, 0);
        loop {
            // SAFETY: **image**: the section ends with tag 0.
            let [tag, value] = unsafe { *entry };
            // Some kernels relocate the values, some do not.
            let address = if value < bias { bias.wrapping_add(value) } else { value };
            match tag {
                0 => break,
                4 => hash = address,
                5 => strings = address,
                6 => symbols = address,
                0x6fff_fef5 => gnu_hash = address,
                _ => {}
            }
            // SAFETY: as above.
            entry = unsafe { entry.add(1) };
        }
        if symbols == 0 || strings == 0 {
            return None;
        }
        let count = match (hash, gnu_hash) {
            (0, 0) => return None,
            // SAFETY: **image**: the last symbol ends the longest chain.
            (0, gnu_hash) => unsafe { count_by_gnu_hash(gnu_hash) },
            // SAFETY: **image**: nbucket, nchain; there are as many chains as symbols.
            (hash, _) => unsafe { *(hash as *const u32).add(1) as usize },
        };
        Some(Tables { symbols, strings, count })
    }
}

/// How many symbols a DT_GNU_HASH table covers.
///
/// # Safety
/// **image**: `table` is such a table.
unsafe fn count_by_gnu_hash(table: usize) -> usize {
    let words = table as *const u32;
    // SAFETY: **image**: nbuckets, symoffset, bloom_size, bloom_shift.
    let (buckets, first, bloom) =
        unsafe { (*words as usize, *words.add(1) as usize, *words.add(2) as usize) };
    // SAFETY: **image**: the bloom filter has 8-byte words, the buckets follow it.
    let bucket = unsafe { words.add(4 + 2 * bloom) };
    // SAFETY: **image**.
    let last = (0..buckets).map(|i| unsafe { *bucket.add(i) } as usize).max().unwrap_or(0);
    if last < first {
        return first;
    }
    // SAFETY: **image**: one chain word for each symbol from `first` on; bit 0 ends a chain.
    let chain = unsafe { bucket.add(buckets) };
    let mut at = last;
    // SAFETY: as above.
    while unsafe { *chain.add(at - first) } & 1 == 0 {
        at += 1;
    }
    at + 1
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const PT_LOAD: u64 = 1;
    const PT_DYNAMIC: u64 = 2;
    /// Where the image says that it is linked to: not where it lies.
    const LINKED_AT: u64 = 0x7000_0000;
    const STRINGS: &[u8] = b"\0alpha\0beta\0gamma\0";
    /// Offsets of the parts in the image, in bytes.
    const DYNAMIC: usize = 0x100;
    const SYMBOLS: usize = 0x180;
    const NAMES: usize = 0x200;
    const HASH: usize = 0x240;
    const GNU_HASH: usize = 0x280;

    fn put(image: &mut [u64], at: usize, bytes: &[u8]) {
        for (i, &byte) in bytes.iter().enumerate() {
            let at = at + i;
            image[at / 8] |= u64::from(byte) << (at % 8 * 8);
        }
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// An image of three names: alpha, not defined here; beta at 0x10; gamma at 0x20. `hash` says
    /// which tables it has.
    fn image(hash: bool, gnu_hash: bool) -> Vec<u64> {
        let mut image = vec![0u64; 0x300 / 8];
        put(&mut image, 0, b"\x7fELF\x02\x01\x01");
        image[4] = 64; // e_phoff
        put(&mut image, 54, &[56, 0, 2, 0]); // e_phentsize, e_phnum
        image[8..12].copy_from_slice(&[PT_LOAD | 5 << 32, 0, LINKED_AT, LINKED_AT]);
        let dynamic = DYNAMIC as u64;
        image[15..18].copy_from_slice(&[PT_DYNAMIC | 4 << 32, dynamic, LINKED_AT + dynamic]);
        let mut entries = vec![(5, NAMES), (6, SYMBOLS)];
        entries.extend(hash.then_some((4, HASH)));
        entries.extend(gnu_hash.then_some((0x6fff_fef5, GNU_HASH)));
        for (i, (tag, at)) in entries.into_iter().enumerate() {
            image[DYNAMIC / 8 + 2 * i] = tag;
            image[DYNAMIC / 8 + 2 * i + 1] = LINKED_AT + at as u64;
        }
        for (i, (name, section, value)) in
            [(0, 0, 0), (1, 0, 0), (7, 1, 0x10), (12, 1, 0x20)].into_iter().enumerate()
        {
            image[SYMBOLS / 8 + 3 * i] = name | section << 48;
            image[SYMBOLS / 8 + 3 * i + 1] = LINKED_AT + value;
        }
        put(&mut image, NAMES, STRINGS);
        put(&mut image, HASH, &words(&[1, 4, 3, 0, 1, 2, 3]));
        // 2 buckets, hashed from symbol 2 on, a bloom filter of 1 word; the chain 2, 3 ends at 3.
        put(&mut image, GNU_HASH, &words(&[2, 2, 1, 0, 0, 0, 0, 2, 4, 5]));
        image
    }

    fn find(image: &[u64], name: &CStr) -> Option<usize> {
        let start = image.as_ptr() as usize;
        // SAFETY: the image that was made above.
        unsafe { find_symbol(start, name) }.map(|address| address.wrapping_sub(start))
    }

    #[test]
    fn either_hash_table_will_do() {
        for (hash, gnu_hash) in [(true, false), (false, true), (true, true)] {
            let image = image(hash, gnu_hash);
            assert_eq!(find(&image, c"beta"), Some(0x10), "{hash} {gnu_hash}");
            assert_eq!(find(&image, c"gamma"), Some(0x20), "{hash} {gnu_hash}");
            assert_eq!(find(&image, c"alpha"), None, "it is not defined there");
            assert_eq!(find(&image, c"gam"), None, "half a name is not the name");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(find(&image(false, false), c"beta"), None);
        let mut no_elf = image(true, true);
        no_elf[0] += 1;
        assert_eq!(find(&no_elf, c"beta"), None);
        let mut nothing_dynamic = image(true, true);
        nothing_dynamic[15] = PT_LOAD;
        assert_eq!(find(&nothing_dynamic, c"beta"), None);
    }

    #[test]
    fn a_table_without_names_of_its_own_counts_the_rest() {
        let table = words(&[1, 2, 1, 0, 0, 0, 0]);
        let mut aligned = [0u64; 4];
        put(&mut aligned, 0, &table);
        // SAFETY: a table of one empty bucket.
        assert_eq!(unsafe { count_by_gnu_hash(aligned.as_ptr() as usize) }, 2);
    }
}
