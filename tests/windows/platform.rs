//! Files of the owner alone and keys of the account alone, as Windows itself sees them.

use std::fs;
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use noticert::platform;
use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::Cryptography::{CRYPT_INTEGER_BLOB, CryptUnprotectData};
use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, GetFileSecurityW};

/// Windows would show one entry and a protected list. Wine keeps the Unix mode and shows it as a list, with an entry
/// for the system that is always there.
#[test]
fn what_is_ours_lets_in_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("鍵");
    platform::create_owner_only(&ours).unwrap();
    let below = folder.path().join("データ").join("端末");
    platform::create_owner_only_dir(&below).unwrap();
    for made in [ours.as_path(), &below, below.parent().unwrap()] {
        let list = access_list(made);
        let let_in = let_in(&list);
        assert!(
            let_in.iter().any(|who| who.starts_with("S-1-5-21-")),
            "{list}"
        );
        assert!(
            let_in
                .iter()
                .all(|who| who == "SY" || who.starts_with("S-1-5-21-")),
            "{list}"
        );
    }
    let theirs = folder.path().join("anybody's");
    fs::write(&theirs, "").unwrap();
    let list = access_list(&theirs);
    assert!(
        let_in(&list).iter().any(|who| who == "WD"),
        "everybody: {list}"
    );
}

#[test]
fn a_wrapped_key_is_the_systems_own_and_opens_with_its_purpose_alone() {
    let key = b"an invented data key of 32 bytes";
    let wrapped = platform::wrap_key(key, b"noticert seal").unwrap();
    assert_eq!(
        unprotected(&wrapped, b"noticert seal").as_deref(),
        Some(&key[..])
    );
    assert_eq!(unprotected(&wrapped, b"something else"), None);
    assert!(platform::unwrap_key(&wrapped, b"something else").is_err());
    assert_eq!(
        platform::unwrap_key(&wrapped, b"noticert seal")
            .unwrap()
            .as_slice(),
        key
    );
}

#[test]
fn windows_says_which_it_is_and_who_is_logged_on() {
    assert!(platform::windows_build().unwrap() > 7_000);
    let account = platform::account_name();
    assert!(
        platform::desktop_account().is_none_or(|name| name.eq_ignore_ascii_case(&account)),
        "{account} is not {:?}",
        platform::desktop_account()
    );
}

/// Whom a list lets in: the last part of each entry.
fn let_in(list: &str) -> Vec<String> {
    let entries = list.split('(').skip(1);
    let trustees = entries.filter_map(|entry| entry.split(')').next()?.rsplit(';').next());
    trustees.map(str::to_owned).collect()
}

/// The access list in Windows' own notation.
fn access_list(path: &Path) -> String {
    let name: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let mut descriptor = vec![0_u64; 512];
    let mut needed = 0;
    let mut text = ptr::null_mut();
    let mut length = 0;
    // SAFETY: `name` ends with NUL; the descriptor has room for 4096 bytes; `text` is freed below.
    unsafe {
        assert_ne!(
            GetFileSecurityW(
                name.as_ptr(),
                DACL_SECURITY_INFORMATION,
                descriptor.as_mut_ptr().cast(),
                4096,
                &mut needed
            ),
            0
        );
        assert_ne!(
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor.as_mut_ptr().cast(),
                SDDL_REVISION_1,
                DACL_SECURITY_INFORMATION,
                &mut text,
                &mut length
            ),
            0
        );
        let units = std::slice::from_raw_parts(text, length as usize);
        let list = String::from_utf16_lossy(units);
        LocalFree(text.cast());
        list.trim_end_matches('\0').to_owned()
    }
}

/// What DPAPI gives for these bytes; `None` where it refuses.
fn unprotected(wrapped: &[u8], entropy: &[u8]) -> Option<Vec<u8>> {
    let blob = |bytes: &[u8]| CRYPT_INTEGER_BLOB {
        cbData: bytes.len() as u32,
        pbData: bytes.as_ptr().cast_mut(),
    };
    let (wrapped, entropy) = (blob(wrapped), blob(entropy));
    let mut answer = CRYPT_INTEGER_BLOB {
        cbData: 0,
        pbData: ptr::null_mut(),
    };
    // SAFETY: both blobs are read only; the answer is freed below.
    unsafe {
        let done = CryptUnprotectData(
            &wrapped,
            ptr::null_mut(),
            &entropy,
            ptr::null(),
            ptr::null(),
            0,
            &mut answer,
        );
        (done != 0).then(|| {
            let bytes = std::slice::from_raw_parts(answer.pbData, answer.cbData as usize).to_vec();
            LocalFree(answer.pbData.cast());
            bytes
        })
    }
}
