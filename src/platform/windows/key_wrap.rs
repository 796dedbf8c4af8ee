//! A key wrapped by Windows for the account that wraps it: DPAPI.
//!
//! Windows keeps what unwraps it under the account's log-on secret. Another account, another PC, or the same
//! account after an administrator reset its password gets nothing; a changed password follows by itself.
//!
//! Source: <https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata>.

use std::ffi::{OsString, c_void};
use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Cryptography::{
    CRYPT_INTEGER_BLOB, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData, CryptUnprotectData,
};
use zeroize::{Zeroize, Zeroizing};

/// Windows' own service is part of the system and touches nothing of anybody's.
pub(in crate::platform) fn allow_key_store(_bus: Option<OsString>) {}

/// Windows keeps nothing for a single wrapping.
pub(in crate::platform) fn forget_key(_wrapped: &[u8]) {}

pub(in crate::platform) fn wrap_key(key: &[u8], purpose: &[u8]) -> io::Result<Vec<u8>> {
    let (key, purpose) = (blob(key)?, blob(purpose)?);
    let mut answer = Answer::empty();
    // SAFETY: both blobs point to memory that outlives the call and is only read; `answer` receives memory for
    // LocalFree; description, reserved parameter and prompt are optional.
    let done = unsafe {
        CryptProtectData(
            &key,
            ptr::null(),
            &purpose,
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &mut answer.0,
        )
    };
    super::succeeded(done)?;
    Ok(answer.bytes().to_vec())
}

pub(in crate::platform) fn unwrap_key(
    wrapped: &[u8],
    purpose: &[u8],
) -> io::Result<Zeroizing<Vec<u8>>> {
    let (wrapped, purpose) = (blob(wrapped)?, blob(purpose)?);
    let mut answer = Answer::empty();
    // SAFETY: as above.
    let done = unsafe {
        CryptUnprotectData(
            &wrapped,
            ptr::null_mut(),
            &purpose,
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &mut answer.0,
        )
    };
    super::succeeded(done)?;
    Ok(Zeroizing::new(answer.bytes().to_vec()))
}

fn blob(bytes: &[u8]) -> io::Result<CRYPT_INTEGER_BLOB> {
    Ok(CRYPT_INTEGER_BLOB {
        cbData: u32::try_from(bytes.len()).map_err(io::Error::other)?,
        pbData: bytes.as_ptr().cast_mut(),
    })
}

/// Memory that Windows allocated for an answer; wiped before it is given back, because it can hold the key.
struct Answer(CRYPT_INTEGER_BLOB);

impl Answer {
    fn empty() -> Self {
        Self(CRYPT_INTEGER_BLOB {
            cbData: 0,
            pbData: ptr::null_mut(),
        })
    }

    fn bytes(&self) -> &[u8] {
        match self.0.pbData.is_null() {
            true => &[],
            // SAFETY: Windows says how many bytes it wrote there, and they live as long as `self`.
            false => unsafe { std::slice::from_raw_parts(self.0.pbData, self.0.cbData as usize) },
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.0.pbData.is_null() {
            return;
        }
        // SAFETY: as above, and nobody else refers to the memory any more.
        unsafe { std::slice::from_raw_parts_mut(self.0.pbData, self.0.cbData as usize) }.zeroize();
        // SAFETY: the memory came from a call that asks for LocalFree, and is freed once.
        unsafe { LocalFree(self.0.pbData.cast::<c_void>()) };
    }
}
