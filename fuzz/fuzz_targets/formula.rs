#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smfg_fuzz::formula(data));
