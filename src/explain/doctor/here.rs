//! Findings about this computer, in words.

use crate::custody::BadPlace;
use crate::doctor::{
    Account, Certificates, DataFolder, FaceLibrary, FoundFiles, FreeSpace, Known, MpkiClient,
    Stick, Store,
};
use crate::domain::{Text, japan_date};
use crate::explain::{custody, installer};

use super::{Sentences, fine, joined, with_next};

pub(super) fn account(found: &Account) -> Sentences {
    let name = &found.name;
    match (&found.expected, found.is_elevated) {
        (None, false) => fine(name, name),
        (None, true) => with_next(
            Text::new(
                format!("{name}（管理者の権限で動いています）"),
                format!("{name} (with administrator rights)"),
            ),
            "管理者の権限は要りません。証明書を使う人のアカウントで実行してください。",
            "Administrator rights are not needed: run this as the person who uses the certificate.",
        ),
        (Some(expected), true) => with_next(
            Text::new(
                format!("{name}（{expected} ではなく、管理者の権限で動いています）"),
                format!("{name} (not {expected}, and with administrator rights)"),
            ),
            format!(
                "このままでは証明書が {name} のストアに入ります。{expected} でサインインし、「管理者として実行」を使わずに実行してください。"
            ),
            format!(
                "The certificate would go into the store of {name}. Sign in as {expected} and do not run this as administrator."
            ),
        ),
        (Some(expected), false) => with_next(
            Text::new(name, name),
            format!(
                "オンライン資格確認端末では {expected} でサインインして実行してください（オンライン請求だけのパソコンはこのままで構いません）。"
            ),
            format!(
                "On an オンライン資格確認 terminal sign in as {expected}; a PC for claims alone is fine as it is."
            ),
        ),
    }
}

pub(super) fn data_folder(found: &DataFolder) -> Sentences {
    match found {
        DataFolder::Ready { path } => {
            let path = path.display();
            fine(
                format!("{path}（本人だけが読み書きできます）"),
                format!("{path} (yours alone)"),
            )
        }
        DataFolder::ToBeMade { path } => {
            let path = path.display();
            fine(
                format!("{path}（まだありません。最初に使うときに作れます）"),
                format!("{path} (not there yet; can be made)"),
            )
        }
        DataFolder::OpenToOthers { path } => with_next(
            Text::new(
                format!("{} はほかの人も読めます", path.display()),
                format!("{} can be read by others", path.display()),
            ),
            "共有をやめて本人だけの権限にするか（Linux は chmod 700）、--data で別のフォルダーを指定してください。",
            "Stop sharing it and make it yours alone (chmod 700 on Linux), or name another folder with --data.",
        ),
        DataFolder::BadPlace { path, bad } => {
            let path = path.display();
            with_next(
                match bad {
                    BadPlace::Shared => Text::new(
                        format!("{path} は共有されているか、クラウドに同期されます"),
                        format!("{path} is shared or synchronised to a cloud"),
                    ),
                    BadPlace::Downloads => Text::new(
                        format!("{path} は「ダウンロード」の中です"),
                        format!("{path} lies in the downloads folder"),
                    ),
                },
                "本人だけが使うフォルダーを --data で指定してください（中身があるなら、フォルダーごと移してから）。",
                "Name a folder of your own with --data; move the whole folder there first if it holds anything.",
            )
        }
        DataFolder::Refused(error) => {
            let told = custody::disk(error);
            (told.what, Some(told.next))
        }
    }
}

pub(super) fn free_space(found: &FreeSpace) -> Sentences {
    match found {
        FreeSpace::Enough { free } => fine(size(*free), size(*free)),
        FreeSpace::Little { free } => with_next(
            Text::new(
                format!("残り {}", size(*free)),
                format!("{} left", size(*free)),
            ),
            "不要なファイルを消して 100 MB 以上空けてください。",
            "Make room: at least 100 MB.",
        ),
        FreeSpace::Unknown => fine("分かりません", "not known"),
    }
}

pub(super) fn store(found: &Store) -> Sentences {
    match found {
        Store::Reachable { name, certificates } => fine(
            format!("{}（証明書 {certificates}枚）", name.ja),
            format!("{} ({certificates} certificates)", name.en),
        ),
        Store::Unsupported => fine(
            "この版の noticert はこのパソコンのストアに入れられません（--folder なら使えます）",
            "this version of noticert does not install into this system's store (--folder works)",
        ),
        Store::Failed(error) => {
            let told = installer::explain(error);
            (told.what, Some(told.next))
        }
    }
}

pub(super) fn certificates(found: &Certificates) -> Sentences {
    let list = |known: &[Known]| {
        joined(known, |one| {
            format!("{}（{}まで）", one.name, japan_date(one.not_after))
        })
    };
    let list_en = |known: &[Known]| {
        joined(known, |one| {
            format!("{} (until {})", one.name, japan_date(one.not_after))
        })
    };
    let Certificates {
        valid,
        expired,
        without_key,
    } = found;
    let parts = [
        (valid, "有効", "valid"),
        (expired, "期限切れ", "expired"),
        (without_key, "鍵がない", "without their key"),
    ];
    let present = || parts.iter().filter(|(known, ..)| !known.is_empty());
    let ja: Vec<String> = present()
        .map(|(known, ja, _)| format!("{ja}: {}", list(known)))
        .collect();
    let en: Vec<String> = present()
        .map(|(known, _, en)| format!("{en}: {}", list_en(known)))
        .collect();
    let text = Text::new(ja.join("、"), en.join(", "));
    if !without_key.is_empty() {
        return with_next(
            text,
            "鍵のない証明書は使えません。バックアップの .p12 からインストールし直してください。",
            "A certificate without its key is of no use: install it again from the back-up's .p12.",
        );
    }
    match (valid.len(), expired.len()) {
        (0, 0) => fine("まだありません", "none yet"),
        (1, 0) => (text, None),
        (0, _) => with_next(
            text,
            "新しい証明書を取得してください。新しい .p12 が見つかったときは、申請の前にそれを確かめてください: noticert verify FILE.p12",
            "Retrieve a new one. If a newer .p12 was found, try it before applying: noticert verify FILE.p12",
        ),
        (_, 0) => with_next(
            text,
            "サービスを開くときは、使う医療機関コードで期限の新しいものを選んでください（コード変更後の古い証明書は120日間使えます）。",
            "Choose the one of the right code with the later end (an old code's certificate may be used for 120 days).",
        ),
        (_, _) => with_next(
            text,
            "期限切れの証明書が残っていると、つながらないことがあります。新しい証明書で使えることを確かめてから、古いものを削除してください。",
            "An expired certificate may break the connection. See that the new one works, then take the old one out.",
        ),
    }
}

pub(super) fn found_files(found: &FoundFiles) -> Sentences {
    let FoundFiles { files, more } = found;
    if files.is_empty() {
        return fine(
            "ダウンロード・デスクトップ・ドキュメント・USB にはありません",
            "none in downloads, desktop, documents or on sticks",
        );
    }
    let list = joined(files, |path| path.display().to_string());
    let (ja, en) = match more {
        0 => (list.clone(), list),
        more => (
            format!("{list} ほか {more}件"),
            format!("{list} and {more} more"),
        ),
    };
    with_next(
        Text::new(ja, en),
        "申請し直す前に、この中に使えるものがないか確かめてください: noticert verify FILE.p12（合うものは noticert adopt FILE.p12 で引き取れます）。共有フォルダーにあるものは、確かめたら移してください。",
        "Before applying anew, see whether one of these will do: noticert verify FILE.p12 (one that fits is taken over by noticert adopt FILE.p12). Move it out of any shared folder afterwards.",
    )
}

pub(super) fn stick(found: &Stick) -> Sentences {
    let drives = &found.drives;
    let list = joined(drives, |drive| match drive.free {
        Some(free) => format!("{}（空き {}）", drive.path.display(), size(free)),
        None => drive.path.display().to_string(),
    });
    let list_en = joined(drives, |drive| match drive.free {
        Some(free) => format!("{} ({} free)", drive.path.display(), size(free)),
        None => drive.path.display().to_string(),
    });
    if drives.is_empty() {
        return with_next(
            Text::new("差し込まれていません", "none is plugged in"),
            "バックアップの前に差し込んでください。",
            "Plug one in before the back-up.",
        );
    }
    let text = Text::new(list, list_en);
    match drives.iter().any(|drive| drive.has_room()) {
        true => (text, None),
        false => with_next(
            text,
            "空きのある（書き込める）USBメモリーに替えてください。",
            "Take a stick with room on it.",
        ),
    }
}

pub(super) fn face_library(found: &FaceLibrary) -> Sentences {
    match found {
        FaceLibrary::NotHere => fine("このパソコンには関係しません", "does not apply here"),
        FaceLibrary::NoReport { place } => with_next(
            Text::new(
                format!("配信実績のファイルが {} に見つかりません", place.display()),
                format!("no distribution report in {}", place.display()),
            ),
            "顔認証を使う端末では、配信アプリケーション管理ツールの「配信実績の確認」で 2.1.0 以降か確かめてください。",
            "On a terminal with face recognition, look at 配信実績の確認 in the distribution application: 2.1.0 or later.",
        ),
        FaceLibrary::Version {
            found,
            is_new_enough: true,
            ..
        } => fine(found, found),
        FaceLibrary::Version { found, least, .. } => with_next(
            Text::new(
                format!("{found}（{least} 以降が必要）"),
                format!("{found} ({least} or later is needed)"),
            ),
            "このまま更新すると顔認証アプリの再設定が必要になります。配信アプリケーション管理ツールで「今すぐダウンロード」をしてください。",
            "A renewal would force the face-recognition app to be set up anew: choose 今すぐダウンロード in the distribution application.",
        ),
    }
}

pub(super) fn mpki_client(found: &MpkiClient) -> Sentences {
    match found {
        MpkiClient::NotHere => fine("このパソコンには関係しません", "does not apply here"),
        MpkiClient::Found { path } => {
            let path = path.display().to_string();
            fine(path.clone(), path)
        }
        MpkiClient::Missing => with_next(
            Text::new("見つかりません", "not found"),
            "期限の知らせと更新に使えます。必要なら https://cert.obn.managedpki.ne.jp/p/s から入れてください（なくても取得はできます）。",
            "It reminds and renews. If wanted, install it from https://cert.obn.managedpki.ne.jp/p/s (retrieving works without it).",
        ),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..0x4000_0000 => format!("{} MB", bytes >> 20),
        _ => format!("{} GB", bytes >> 30),
    }
}
