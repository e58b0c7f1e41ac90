//! The cost of a pack against the number of its rules, as SVG: takes the points, gives a picture with logarithmic axes, beside what a scan for
//! each rule would cost.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 44.0;

/// Points are (rules, seconds of processor), from one rule on.
pub(crate) fn svg(points: &[(usize, f64)]) -> String {
    let (most, one) = (points.last().expect("a point").0 as f64, points.first().expect("a point").1);
    let top = 10_f64.powf((most * one).log10().ceil());
    let bottom = 10_f64.powf(one.log10().floor());
    let x = |rules: f64| LEFT + rules.log10() / most.log10() * (WIDTH - LEFT - RIGHT);
    let y =
        |seconds: f64| HEIGHT - BOTTOM - (seconds / bottom).log10() / (top / bottom).log10() * (HEIGHT - TOP - BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">Seconds of processor, by the number of rules</text>\n"
    );
    let mut line = |text: String| writeln!(out, "{text}").expect("a text takes it");
    let mut seconds = bottom;
    while seconds <= top * 1.001 {
        let at = y(seconds);
        line(format!("<path d=\"M{LEFT} {at:.1}H{}\" stroke=\"#ddd\"/>", WIDTH - RIGHT));
        line(format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{seconds}</text>", LEFT - 8.0, at + 4.0));
        seconds *= 10.0;
    }
    for (rules, _) in points {
        let at = x(*rules as f64);
        line(format!("<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{rules}</text>", HEIGHT - BOTTOM + 18.0));
    }
    let path = |points: Vec<(f64, f64)>| {
        points
            .iter()
            .enumerate()
            .map(|(n, (a, b))| format!("{}{a:.1} {b:.1}", if n == 0 { "M" } else { "L" }))
            .collect::<String>()
    };
    let each = path(points.iter().map(|(rules, _)| (x(*rules as f64), y(*rules as f64 * one))).collect());
    line(format!("<path d=\"{each}\" fill=\"none\" stroke=\"#999\" stroke-dasharray=\"5 4\"/>"));
    let pass = path(points.iter().map(|(rules, seconds)| (x(*rules as f64), y(*seconds))).collect());
    line(format!("<path d=\"{pass}\" fill=\"none\" stroke=\"#06c\" stroke-width=\"2\"/>"));
    for (rules, seconds) in points {
        line(format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"#06c\"/>", x(*rules as f64), y(*seconds)));
    }
    let (rules, seconds) = points[points.len() - 2];
    line(format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#06c\">in passes</text>",
        x(rules as f64) + 8.0,
        y(seconds) + 18.0
    ));
    line(format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#666\" text-anchor=\"end\">a scan a rule</text>",
        x(rules as f64) - 8.0,
        y(rules as f64 * one)
    ));
    out + "</svg>\n"
}
