//! A place as text: takes a name and a position, gives `Berlin (52.52,13.41)`; takes two such texts, gives how far apart they are.
//!
//! One text, because it is what a rule groups by, shows, and takes the first and last of. Either half may lack: `Berlin` has no position,
//! `(52.52,13.41)` no name.

/// The earth's mean radius in kilometres.
const RADIUS: f64 = 6_371.008_8;

/// Latitude and longitude in degrees, north and east positive.
pub type Position = (f64, f64);

/// The text of a place; none where nothing is known of it.
#[must_use]
pub fn place_text(name: Option<&str>, position: Option<Position>) -> Option<String> {
    let position = position.map(|(latitude, longitude)| format!("({latitude},{longitude})"));
    match (name, position) {
        (Some(name), Some(position)) => Some(format!("{name} {position}")),
        (Some(name), None) => Some(name.to_owned()),
        (None, position) => position,
    }
}

/// Degrees that are on the earth.
#[must_use]
pub fn on_earth((latitude, longitude): Position) -> bool {
    (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)
}

/// Degrees as decimal digits: no exponent, no word.
#[must_use]
pub fn degrees(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    text.parse().ok().filter(|_| plain)
}

/// The position at the end of a place's text.
#[must_use]
pub fn position(place: &str) -> Option<Position> {
    let (_, inside) = place.strip_suffix(')')?.rsplit_once('(')?;
    let (latitude, longitude) = inside.split_once(',')?;
    Some((degrees(latitude)?, degrees(longitude)?)).filter(|position| on_earth(*position))
}

/// The great-circle distance between two places in kilometres, to the metre; none where one has no position.
///
/// Computed by the haversine formula on a sphere: within 0.6 % of the way on the earth, which is flatter.
#[must_use]
pub fn distance_km(a: &str, b: &str) -> Option<f64> {
    let ((a_latitude, a_longitude), (b_latitude, b_longitude)) = (position(a)?, position(b)?);
    let half_sine = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin();
    let (north, east) = (half_sine(a_latitude, b_latitude), half_sine(a_longitude, b_longitude));
    let cosines = a_latitude.to_radians().cos() * b_latitude.to_radians().cos();
    let part = (north * north + cosines * (east * east)).min(1.0);
    let distance = 2.0 * RADIUS * part.sqrt().asin();
    // Machines differ in the last bits of a sine, and no database knows a metre.
    Some((distance * 1_000.0).round() / 1_000.0)
}
