//! Archives: what Helm takes and refuses.

use std::io::Write;

use chart::archive::{Error, unpack};
use chart::file::MAX_FILE_SIZE;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

/// An archive of these files, by the names that are given, however wrong.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, data) in files {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(if name.ends_with('/') { EntryType::Directory } else { EntryType::Regular });
        header.set_cksum();
        builder.append(&header, *data).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

const CHART: &[u8] = b"apiVersion: v2\nname: app\nversion: 1.0.0\n";

#[test]
fn files_are_named_within_the_chart() {
    let bytes = archive(&[
        ("app/", b""),
        ("app/Chart.yaml", b"\xef\xbb\xbfname: app"),
        ("app/./templates//a.yaml", b"a"),
        ("other\\templates\\b.yaml", b"b"),
        ("app/x/../y.txt", b"y"),
    ]);
    let files = unpack(&bytes).unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["Chart.yaml", "templates/a.yaml", "templates/b.yaml", "y.txt"]);
    assert_eq!(files[0].data, b"name: app", "the byte order mark goes");
}

#[test]
fn names_that_lead_out_are_refused() {
    let error = |name: &str| unpack(&archive(&[(name, b"x")])).unwrap_err();
    assert!(matches!(error("app//etc/passwd"), Error::Absolute(_)));
    assert!(matches!(error("app/../../etc/passwd"), Error::Parent(_)));
    assert!(matches!(error("app/.."), Error::Parent(_)));
    assert!(matches!(error("app"), Error::OutsideBase(_)));
    assert!(matches!(error("/"), Error::Empty));
    assert!(matches!(error("app/C:/windows"), Error::Drive(_)));
    assert!(matches!(error("app\\c:\\windows"), Error::Drive(_)));
    assert!(matches!(error("Chart.yaml"), Error::NoBase));
    assert!(matches!(error("Chart.yaml/x"), Error::NoBase));
}

#[test]
fn what_is_no_archive_is_refused() {
    assert!(matches!(unpack(b""), Err(Error::NotGzip)));
    assert!(matches!(unpack(b"name: app"), Err(Error::NotGzip)));
    assert!(matches!(unpack(&archive(&[])), Err(Error::Empty)));
    let whole = archive(&[("app/Chart.yaml", CHART)]);
    assert!(matches!(unpack(&whole[..whole.len() / 2]), Err(Error::Damaged(_))));
    let mut text = GzEncoder::new(Vec::new(), Compression::fast());
    text.write_all(&[b'x'; 2000]).unwrap();
    assert!(matches!(unpack(&text.finish().unwrap()), Err(Error::Damaged(_))));
}

#[test]
fn too_much_is_refused_before_it_is_unpacked() {
    let large = vec![0; usize::try_from(MAX_FILE_SIZE).unwrap() + 1];
    assert!(matches!(unpack(&archive(&[("app/large", &large)])), Err(Error::FileTooLarge(_))));
    let allowed = &large[1..];
    let many: Vec<String> = (0..21).map(|number| format!("app/{number}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), allowed)).collect();
    assert!(matches!(unpack(&archive(&many)), Err(Error::ChartTooLarge)));
    assert_eq!(unpack(&archive(&many[..19])).unwrap().len(), 19);
}

#[test]
fn subcharts_lie_in_folders_and_archives() {
    let inner = archive(&[("inner/Chart.yaml", b"apiVersion: v2\nname: inner\nversion: 2.0.0\n")]);
    let bytes = archive(&[
        ("app/Chart.yaml", CHART),
        ("app/charts/inner-2.0.0.tgz", &inner),
        ("app/charts/folder/Chart.yaml", b"apiVersion: v2\nname: folder\nversion: 3.0.0\n"),
        ("app/charts/folder/templates/x.yaml", b"kind: X"),
        ("app/charts/.hidden", b""),
        ("app/charts/_hidden/x", b""),
        ("app/charts/inner-2.0.0.tgz.prov", b"signed"),
    ]);
    let chart = chart::load::load_archive(&bytes).unwrap();
    let mut names: Vec<&str> = chart.dependencies.iter().map(|chart| chart.metadata.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["folder", "inner"]);
    assert_eq!(chart.files.len(), 1, "the signature is a file of the chart");
}
