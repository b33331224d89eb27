//! Changes of whole lines and values: what people write is made of these, and bytes that change alone mostly break it.

use libfuzzer_sys::fuzzer_mutate;

/// Numbers that look random, the same for the same seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// Changes `data` as libFuzzer's mutators do, or else line by line; gives the new size.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed) | 1 << 32);
    if size == 0 || dice.below(2) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut lines: Vec<Vec<u8>> =
        data[..size].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=dice.below(3) {
        change(&mut lines, &mut dice);
    }
    let mut changed = lines.concat();
    changed.truncate(max_size);
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}

fn change(lines: &mut Vec<Vec<u8>>, dice: &mut Dice) {
    if lines.is_empty() {
        return;
    }
    let (at, other) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(9) {
        0 => _ = lines.remove(at),
        1 => lines.insert(other, lines[at].clone()),
        2 => lines.swap(at, other),
        3 => {
            let line = lines.remove(at);
            lines.insert(other.min(lines.len()), line);
        }
        // A block, as a service or a stage is one.
        4 => {
            let end = (at + 1 + dice.below(8)).min(lines.len());
            let block = lines[at..end].to_vec();
            lines.splice(other..other, block);
        }
        5 => lines[at].splice(0..0, *b"  ").for_each(drop),
        6 => {
            let blanks = lines[at].iter().take(2).take_while(|byte| **byte == b' ').count();
            lines[at].drain(..blanks);
        }
        // One line's key with another one's value.
        7 => {
            let value = value_of(&lines[other]).map(<[u8]>::to_vec);
            if let (Some(value), Some(old)) = (value, value_of(&lines[at])) {
                let keep = lines[at].len() - old.len();
                lines[at].truncate(keep);
                lines[at].extend(value);
            }
        }
        // Two lines become one, as in flow style and long commands.
        _ => {
            let line = lines.remove(at);
            if let Some(before) = at.checked_sub(1).and_then(|before| lines.get_mut(before)) {
                before.truncate(before.trim_ascii_end().len());
                before.push(b' ');
                before.extend(line.trim_ascii_start());
            }
        }
    }
}

/// What follows the key or the instruction.
fn value_of(line: &[u8]) -> Option<&[u8]> {
    let indentation = line.len() - line.trim_ascii_start().len();
    let blank = line[indentation..].iter().position(|byte| *byte == b' ')?;
    line.get(indentation + blank + 1..)
}
