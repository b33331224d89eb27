//! The state of the host that the kernel lists before a kill: its memory, and a table of processes. Both are counted in pages, whose
//! size it does not name there.

use super::KernelKill;
use super::fields;
use crate::hash::HashMap;
use crate::syntax::size::ByteSize;

/// The sizes of a page: 4 KiB on x86, up to 64 KiB on ARM and POWER.
const PAGES: [i64; 5] = [4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10];

/// The most processes whose size is kept.
const MOST: usize = 50_000;

/// The lists of one kill.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Pages of the host.
    host: Option<i64>,
    /// The process with the most resident pages.
    largest: Option<(String, i64)>,
    /// The pages of each process's address space, by its ID.
    total: HashMap<u32, i64>,
    /// The size of a page, if a line shows it.
    page: Option<i64>,
}

impl Table {
    /// Reads a row. Returns true if it is one.
    pub(super) fn line(&mut self, text: &str) -> bool {
        if let Some(pages) = text.strip_suffix(" pages RAM").and_then(|count| count.trim().parse().ok()) {
            self.host = Some(pages);
            return true;
        }
        if let Some(page) = smallest_block(text) {
            self.page = Some(page);
            return true;
        }
        let Some(row) = fields::row(text) else { return false };
        if self.largest.as_ref().is_none_or(|(_, largest)| *largest < row.resident) {
            self.largest = Some((row.name.to_owned(), row.resident));
        }
        if self.total.len() < MOST {
            self.total.insert(row.pid, row.total);
        }
        true
    }

    /// Writes the sizes to the kill, as far as it shows how large a page is: the address space of the process that was killed is in
    /// pages in the table, and in kB in the line of its death (Linux v6.12 `mm/oom_kill.c`, `dump_task` and `__oom_kill_process`).
    pub(super) fn settle(self, kill: &mut KernelKill) {
        let pages = kill.pid.and_then(|pid| self.total.get(&pid)).copied();
        let page = self.page.or_else(|| page_size(kill.total_vm?, pages?));
        let size = |count: i64| page.map(|page| ByteSize(count.saturating_mul(page)));
        kill.host = self.host.and_then(size).or(kill.host);
        kill.largest = self.largest.map(|(name, count)| (name, size(count))).or(kill.largest.take());
    }
}

/// Returns the size of a page of which so many have this size.
fn page_size(total: ByteSize, pages: i64) -> Option<i64> {
    let each = total.0.checked_div(pages).filter(|_| pages > 0)?;
    // The process may have grown between the two lines.
    PAGES.into_iter().find(|page| each > page / 4 * 3 && each < page / 2 * 3)
}

/// Returns the size of the smallest free block, which is a page: `Node 0 DMA32: 12*4kB (UM) 3*8kB …` (Linux v6.12 `mm/show_mem.c`,
/// `show_free_areas`).
fn smallest_block(text: &str) -> Option<i64> {
    let (zone, blocks) = text.strip_prefix("Node ")?.split_once(": ")?;
    let (count, size) = blocks.split(' ').next()?.split_once('*')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let size: i64 = size.strip_suffix("kB")?.parse().ok()?;
    let page = size.checked_mul(1024).filter(|size| PAGES.contains(size))?;
    (zone.len() < 24 && is_number(count)).then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of a page is what a kill shows of it, on every machine.
    #[test]
    fn sizes_are_those_of_the_machine() {
        let row = "[   4242]     0  4242   600000   400000   100       0             0 python3";
        let after = |lines: &[&str], page: i64| {
            let mut table = Table::default();
            assert!(lines.iter().all(|line| table.line(line)), "{lines:?}");
            let total = Some(ByteSize(600_000 * page));
            let mut kill = KernelKill { pid: Some(4242), total_vm: total, ..KernelKill::default() };
            table.settle(&mut kill);
            (kill.host, kill.largest)
        };
        for page in PAGES {
            assert_eq!(
                after(&["524288 pages RAM", row], page),
                (
                    Some(ByteSize(524_288 * page)),
                    Some(("python3".to_owned(), Some(ByteSize(400_000 * page))))
                )
            );
            let block = format!("Node 0 Normal: 12*{}kB (UM) 3*{}kB (U) = 9kB", page / 1024, page / 512);
            assert_eq!(after(&["524288 pages RAM", &block], 1).0, Some(ByteSize(524_288 * page)));
        }
        let other = row.replace("4242", "7");
        assert_eq!(after(&["524288 pages RAM", &other], 4096), (None, Some(("python3".to_owned(), None))));
        assert_eq!(after(&["524288 pages RAM", row], 100), (None, Some(("python3".to_owned(), None))));
    }
}
