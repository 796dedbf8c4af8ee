//! A file with a hundred certificates: only its own path goes in, and the person is told.

#[cfg(unix)]
use noticert::installer::NssStore;

use super::support::Workplace;
use super::support::invented::hundred_certificates;
use super::*;

#[test]
fn of_a_hundred_certificates_only_its_own_root_belongs_to_the_terminal() {
    let bytes = hundred_certificates();
    assert!(bytes.len() > 1_900_000, "{}", bytes.len());
    let examination = examined(bytes.clone());
    let told: Vec<_> = examination.problems();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].code, "foreign-certificates");
    assert!(told[0].text.ja.contains("98枚"), "{}", told[0].text.ja);
    let credential = examination.into_verified().unwrap();
    assert_eq!(
        fingerprints(&credential),
        fingerprints(&super::credential("without-the-mark"))
    );
    assert_eq!(credential.pkcs12().expose(), bytes, "kept as received");
    let own = examined(credential.own_file().expose().to_vec());
    assert_eq!(own.problems(), []);
    assert_eq!(
        fingerprints(&own.into_verified().unwrap()),
        fingerprints(&credential)
    );
}

#[test]
fn a_folder_gets_its_own_path_alone() {
    let dir = tempfile::tempdir().unwrap();
    let credential = examined(hundred_certificates()).into_verified().unwrap();
    let installed = install(
        &mut FolderStore::new(dir.path()),
        &credential,
        &name("受付"),
    );
    assert_eq!(installed.unwrap(), signed(&credential));
    let folder = only_entry(dir.path());
    let chain = fs::read_to_string(folder.join("chain.pem")).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 1);
}

#[cfg(unix)]
#[test]
#[ignore = "needs libnss3-tools"]
fn a_database_gets_its_own_path_alone() {
    let dir = tempfile::tempdir().unwrap();
    let credential = examined(hundred_certificates()).into_verified().unwrap();
    let mut store = NssStore::named(dir.path(), None);
    let installed = install(&mut store, &credential, &name("受付1号機")).unwrap();
    assert_eq!(installed, signed(&credential));
    let database = format!("sql:{}", text(dir.path()));
    let listing = output("certutil", &["-d", &database, "-L"]);
    assert!(listing.contains("受付1号機"), "{listing}");
    assert!(!listing.contains("foreign"), "{listing}");
    let held: BTreeSet<String> = store
        .list()
        .unwrap()
        .iter()
        .map(|held| held.facts.fingerprint.to_string())
        .collect();
    assert_eq!(held, fingerprints(&credential).into_iter().collect());
}

#[test]
fn verify_says_what_does_not_go_in() {
    let workplace = Workplace::new();
    let file = workplace.write("hundred.pfx", hundred_certificates());
    let password = workplace.write("file-password", "2468\n");
    let ran = workplace.run(["verify", text(&file), "--password-file", text(&password)]);
    let line = ran.stdout.lines().find(|line| line.contains("98枚"));
    let line = line.unwrap_or_else(|| panic!("{}\n{}", ran.stdout, ran.stderr));
    assert!(line.contains("入れません"), "{line}");
}
