//! The engine of the playground: a page sends files and options as JSON and gets findings, budgets and fixes as JSON.
//!
//! The files are all there is: the module has no imports, no disk, no clock and no network. The functions at the end of this file
//! carry requests and answers across the border of the module; `src/engine.js` calls them.

mod answer;
mod fit;
mod kind;
mod request;
mod run;

use answer::answer;

/// Makes room for a request of so many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn request_room(length: usize) -> *mut u8 {
    Box::leak(vec![0; length].into_boxed_slice()).as_mut_ptr()
}

/// Answers the request that was written into its room, and takes the room back. The result points to the length of the answer, in 32
/// bits with the lowest byte first, and the answer after it.
///
/// # Safety
/// `at` is a result of [`request_room`] for `length` that was not used before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn answer_request(at: *mut u8, length: usize) -> *mut u8 {
    // SAFETY: the caller promises that the room is one that `request_room` leaked, and that it is given back once.
    let request = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(at, length)) };
    let answer = answer(&request);
    drop(request);
    let mut out = (answer.len() as u32).to_le_bytes().to_vec();
    out.extend(answer);
    Box::leak(out.into_boxed_slice()).as_mut_ptr()
}

/// Takes an answer back.
///
/// # Safety
/// `at` is a result of [`answer_request`] that was not used before, and `length` is 4 more than the length that it points to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free_answer(at: *mut u8, length: usize) {
    // SAFETY: the caller promises that this is what `answer_request` leaked, and that it is given back once.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(at, length)) });
}
