//! What each grammar rule is called in front of people. The match has no wildcard: a new rule does not compile until someone names it.

use super::Rule;

/// The names of what was expected, each once, in the grammar's order; keywords in backticks.
pub(super) fn expected(rules: &[Rule]) -> Vec<&'static str> {
    let mut out = Vec::new();
    for name in rules.iter().filter_map(|rule| describe(*rule)) {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// A rule's name for people; none for rules that they need not hear of.
#[expect(clippy::too_many_lines, reason = "one line for each grammar rule")]
fn describe(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::item | Rule::reserved_item => "an item",
        Rule::anyword => "a word",
        Rule::quoted_word | Rule::word | Rule::name => "a name",
        Rule::reference | Rule::sum | Rule::product | Rule::unary | Rule::primary | Rule::call => "a value",
        Rule::raw_path => "a path",
        Rule::target_field => "a target field",
        Rule::v4 | Rule::v6 => "an address",
        Rule::date => "a time",
        Rule::duration => "a duration like `5m`",
        Rule::number | Rule::minus | Rule::json_number => "a number",
        Rule::string | Rule::strings => "text in quotes",
        Rule::pattern => "a pattern `/…/`",
        Rule::boolean => "`true` or `false`",
        Rule::expression | Rule::disjunct | Rule::negation | Rule::comparison => "a condition or value",
        Rule::kw_open => "`{`",
        Rule::kw_colon => "`:`",
        Rule::kw_equals => "`=`",
        Rule::kw_arrow => "`=>`",
        Rule::conjunction | Rule::kw_and => "`and`",
        Rule::tail | Rule::test_is | Rule::test_in | Rule::test_text | Rule::test_order | Rule::order => "a comparison",
        Rule::sum_op | Rule::product_op => "an operator",
        Rule::quantified | Rule::kw_any => "`any`",
        Rule::source_of_elements => "a list",
        Rule::case | Rule::kw_case => "`case`",
        Rule::arm => "`condition => value`",
        Rule::rows | Rule::each | Rule::kw_each => "`each`",
        Rule::list_literal | Rule::record_literal | Rule::records => "`[ … ]`",
        Rule::callee => "a function",
        Rule::arguments => "`(`",
        Rule::argument => "an argument",
        Rule::binding | Rule::bindings => "`name = value`",
        Rule::key => "a key",
        Rule::keys => "keys",
        Rule::names => "names",
        Rule::rule_item | Rule::kw_rule => "`rule`",
        Rule::kw_signal => "`signal`",
        Rule::correlate | Rule::kw_correlate => "`correlate`",
        Rule::clause | Rule::source_clause | Rule::correlate_clause => "a clause",
        Rule::matched_by | Rule::kw_by => "`by`",
        Rule::matched_key => "a key",
        Rule::within | Rule::kw_within => "`within`",
        Rule::occurs => "`when`",
        Rule::at_least => "`at least`",
        Rule::any_of => "`any of`",
        Rule::chain => "a member",
        Rule::step | Rule::kw_then => "`then`",
        Rule::kw_least => "`least`",
        Rule::severity | Rule::kw_severity => "`severity`",
        Rule::tags | Rule::kw_tags => "`tags`",
        Rule::tag => "a tag like `atlas:AML.T0051`",
        Rule::from | Rule::kw_from => "`from`",
        Rule::with | Rule::kw_with => "`with`",
        Rule::r#where | Rule::kw_where => "`where`",
        Rule::over | Rule::kw_over => "`over`",
        Rule::across | Rule::kw_across => "`across`",
        Rule::r#let | Rule::kw_let => "`let`",
        Rule::when | Rule::kw_when => "`when`",
        Rule::show | Rule::kw_show => "`show`",
        Rule::respond | Rule::kw_respond => "`respond`",
        Rule::benign | Rule::kw_benign => "`benign`",
        Rule::owner | Rule::kw_owner => "`owner`",
        Rule::references | Rule::kw_references => "`references`",
        Rule::stream | Rule::kw_stream => "`stream`",
        Rule::field => "a field",
        Rule::field_type => "a type",
        Rule::record_type | Rule::columns | Rule::record | Rule::alert_values | Rule::block => "`{ … }`",
        Rule::record_field => "`name : type`",
        Rule::unit | Rule::kw_unit => "`unit`",
        Rule::source | Rule::kw_source => "`source`",
        Rule::at | Rule::kw_at => "`at`",
        Rule::format => "a place",
        Rule::folded => "`nocase`",
        Rule::assemble | Rule::kw_assemble => "`assemble`",
        Rule::part | Rule::kw_part => "`part`",
        Rule::part_lists | Rule::kw_lists => "`lists`",
        Rule::part_order | Rule::kw_order => "`order`",
        Rule::widen | Rule::kw_widen => "`widen`",
        Rule::column => "`.path = Column`",
        Rule::column_kind | Rule::column_name => "a column",
        Rule::delay | Rule::kw_delay => "`delay`",
        Rule::unique | Rule::kw_unique => "`unique`",
        Rule::provided | Rule::kw_provided => "`provided`",
        Rule::absent | Rule::kw_absent => "`absent`",
        Rule::enable | Rule::kw_enable => "`enable`",
        Rule::trap | Rule::kw_trap => "`trap`",
        Rule::field_binding | Rule::alert_value | Rule::free_name => "`field = value`",
        Rule::list | Rule::kw_list => "`list`",
        Rule::table | Rule::kw_table => "`table`",
        Rule::operations | Rule::kw_operations => "`operations`",
        Rule::cloud_operations => "a cloud and its operations",
        Rule::calendar | Rule::kw_calendar => "`calendar`",
        Rule::zone | Rule::kw_zone => "`zone`",
        Rule::hours | Rule::days | Rule::day => "days like `mon..fri`",
        Rule::clock => "a time of day like `07:00`",
        Rule::prices | Rule::kw_prices => "`prices`",
        Rule::currency | Rule::kw_currency => "`currency`",
        Rule::price | Rule::kw_model => "`model`",
        Rule::rate => "`input = 0.25`",
        Rule::exception | Rule::kw_exception => "`exception`",
        Rule::excepted => "a rule",
        Rule::pack_id => "a pack's id",
        Rule::exception_clause => "a clause",
        Rule::until | Rule::kw_until => "`until`",
        Rule::reason | Rule::kw_reason => "`reason`",
        Rule::test | Rule::kw_test => "`test`",
        Rule::given | Rule::kw_given => "`given`",
        Rule::json_members | Rule::json_member => "`\"key\": value`",
        Rule::json => "JSON",
        Rule::json_word => "`null`",
        Rule::expect | Rule::kw_expect => "`expect`",
        Rule::kw_alert => "`alert`",
        Rule::kw_all => "`all`",
        Rule::kw_because => "`because`",
        Rule::kw_contains => "`contains`",
        Rule::tier | Rule::kw_content => "`content`",
        Rule::kw_default => "`default`",
        Rule::kw_else => "`else`",
        Rule::kw_ends => "`ends`",
        Rule::kw_every => "`every`",
        Rule::kw_false => "`false`",
        Rule::kw_for => "`for`",
        Rule::kw_has => "`has`",
        Rule::kw_in => "`in`",
        Rule::kw_is => "`is`",
        Rule::join | Rule::kw_join => "`join`",
        Rule::kw_matches => "`matches`",
        Rule::kw_metadata => "`metadata`",
        Rule::kw_missing => "`missing`",
        Rule::mute | Rule::kw_mute => "`mute`",
        Rule::kw_no => "`no`",
        Rule::kw_nocase => "`nocase`",
        Rule::kw_not => "`not`",
        Rule::kw_ocsf => "`ocsf`",
        Rule::kw_of => "`of`",
        Rule::kw_on => "`on`",
        Rule::kw_only => "`only`",
        Rule::kw_optional => "`optional`",
        Rule::kw_or => "`or`",
        Rule::kw_otel => "`otel`",
        Rule::kw_other => "`other`",
        Rule::kw_portable => "`portable`",
        Rule::kw_present => "`present`",
        Rule::kw_sources => "`sources`",
        Rule::kw_strings => "`strings`",
        Rule::kw_starts => "`starts`",
        Rule::kw_to => "`to`",
        Rule::kw_true => "`true`",
        Rule::at_end
        | Rule::file
        | Rule::only_item
        | Rule::reserved
        | Rule::v4_tail
        | Rule::doc
        | Rule::offset
        | Rule::quantifier
        | Rule::index
        | Rule::member
        | Rule::odd_member
        | Rule::values
        | Rule::elements
        | Rule::digits
        | Rule::and_slip
        | Rule::or_slip
        | Rule::equal_slip
        | Rule::key_default
        | Rule::only_clause
        | Rule::doc_slip
        | Rule::semantics
        | Rule::field_default
        | Rule::only_source_clause
        | Rule::only_correlate_clause
        | Rule::source_word
        | Rule::reserved_item_word
        | Rule::EOI
        | Rule::WHITESPACE
        | Rule::COMMENT
        | Rule::idc
        | Rule::suffix => return None,
    })
}
