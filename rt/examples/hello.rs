//! The smallest program: two goroutines, one after the other.

fn main() {
    // SAFETY: no code here keeps a reference to a thread-local over a call that parks.
    unsafe {
        rt::run(|| {
            let answer = rt::thread::spawn(|| 6 * 7);
            println!("hello from goroutine {}", rt::runtime::current_goid());
            println!("the answer is {}", answer.join().unwrap());
        });
    }
}
