//! A PDF of scanned pages: one image per page, as scanners make them.

use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};

use super::tiff::encode_g4;
use super::{EncodeError, Scan, encode_jpeg};

/// How a page's image is stored.
#[derive(Clone, Debug)]
pub enum PdfPage {
    /// Grey, `DCTDecode`, with a quality of 1 to 100.
    Jpeg(Scan, u8),
    /// Black and white, `CCITTFaxDecode`.
    Fax(Scan),
}

/// All pages in one file.
pub fn encode_pdf(pages: &[PdfPage]) -> Result<Vec<u8>, EncodeError> {
    if pages.is_empty() {
        return Err(EncodeError::NoPage);
    }
    let (catalog, tree) = (Ref::new(1), Ref::new(2));
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let first = |i: usize| 3 + 3 * i as i32;
    pdf.pages(tree)
        .kids((0..pages.len()).map(|i| Ref::new(first(i))))
        .count(pages.len() as i32);
    for (i, page) in pages.iter().enumerate() {
        let references = [0, 1, 2].map(|n| Ref::new(first(i) + n));
        write_page(&mut pdf, tree, references, page)?;
    }
    Ok(pdf.finish())
}

fn write_page(
    pdf: &mut Pdf,
    tree: Ref,
    [page_ref, image_ref, content_ref]: [Ref; 3],
    page: &PdfPage,
) -> Result<(), EncodeError> {
    let (PdfPage::Jpeg(scan, _) | PdfPage::Fax(scan)) = page;
    let points = |pixels: u32, dpi: u32| pixels as f32 * 72.0 / dpi.max(1) as f32;
    let width = points(scan.image.width(), scan.dpi.0);
    let height = points(scan.image.height(), scan.dpi.1);

    let mut leaf = pdf.page(page_ref);
    leaf.parent(tree)
        .media_box(Rect::new(0.0, 0.0, width, height))
        .contents(content_ref);
    leaf.resources().x_objects().pair(IMAGE, image_ref);
    leaf.finish();
    write_image(pdf, image_ref, page)?;

    let mut content = Content::new();
    content
        .save_state()
        .transform([width, 0.0, 0.0, height, 0.0, 0.0])
        .x_object(IMAGE)
        .restore_state();
    pdf.stream(content_ref, &content.finish());
    Ok(())
}

fn write_image(pdf: &mut Pdf, reference: Ref, page: &PdfPage) -> Result<(), EncodeError> {
    let (scan, bytes, bits) = match page {
        PdfPage::Jpeg(scan, quality) => (scan, encode_jpeg(scan, *quality)?, 8),
        PdfPage::Fax(scan) => (scan, encode_g4(scan)?, 1),
    };
    let (width, height) = scan.image.dimensions();
    let mut image = pdf.image_xobject(reference, &bytes);
    image.width(width as i32).height(height as i32);
    image.color_space().device_gray();
    image.bits_per_component(bits);
    match page {
        PdfPage::Jpeg(..) => {
            image.filter(Filter::DctDecode);
        }
        PdfPage::Fax(_) => {
            image.filter(Filter::CcittFaxDecode);
            image
                .decode_parms()
                .k(-1)
                .columns(width as i32)
                .rows(height as i32);
        }
    }
    Ok(())
}

const IMAGE: Name<'static> = Name(b"Im");
