//! Two sheets on one glass: side by side on an A3 scanner, or one above the other in one long picture.

use image::{GrayImage, Luma, imageops};

use super::Scan;

/// Two sheets side by side, as an A3 glass takes two A4 letters.
pub fn side_by_side(left: &Scan, right: &Scan) -> Scan {
    let (one, other) = (&left.image, &right.image);
    let height = one.height().max(other.height());
    let mut image = GrayImage::from_pixel(one.width() + other.width(), height, Luma([255]));
    imageops::replace(&mut image, one, 0, 0);
    imageops::replace(&mut image, other, i64::from(one.width()), 0);
    Scan { image, ..*left }
}

/// Two sheets one above the other.
pub fn one_above_other(upper: &Scan, lower: &Scan) -> Scan {
    let (one, other) = (&upper.image, &lower.image);
    let width = one.width().max(other.width());
    let mut image = GrayImage::from_pixel(width, one.height() + other.height(), Luma([255]));
    imageops::replace(&mut image, one, 0, 0);
    imageops::replace(&mut image, other, 0, i64::from(one.height()));
    Scan { image, ..*upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sheets_lie_where_they_are_said_to() {
        let sheet = |tone| Scan {
            image: GrayImage::from_pixel(20, 30, Luma([tone])),
            dpi: (100, 100),
        };
        let wide = side_by_side(&sheet(1), &sheet(2)).image;
        assert_eq!(wide.dimensions(), (40, 30));
        assert_eq!(
            [wide.get_pixel(19, 0).0, wide.get_pixel(20, 0).0],
            [[1], [2]]
        );
        let tall = one_above_other(&sheet(1), &sheet(2)).image;
        assert_eq!(tall.dimensions(), (20, 60));
        assert_eq!(
            [tall.get_pixel(0, 29).0, tall.get_pixel(0, 30).0],
            [[1], [2]]
        );
    }
}
