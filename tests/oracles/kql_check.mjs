// What: parses and binds KQL with Microsoft's own Kusto.Language, many cases in one process.
// Takes: JSON lines on stdin, {"id", "query", "schema": {Table: {column: type}}}; without "schema", kql_schema.json.
// Gives: one JSON line each, {"id", "errors", "warnings", "columns": [[name, type], …]}. Ends with 0 once stdin has ended.
// Places are byte offsets into the query's UTF-8, as Rust counts them.
import fs from 'node:fs';
import readline from 'node:readline';
import vm from 'node:vm';

const at = (path) => new URL(path, import.meta.url);
const TYPES = new Set(['string', 'long', 'int', 'real', 'datetime', 'dynamic', 'bool', 'timespan', 'guid', 'decimal']);

// The package is two browser scripts that hang `Kusto` on the global object, so they run in this realm, not as modules.
function loadKusto() {
  for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
    const path = at(`node_modules/@kusto/language-service-next/${file}`);
    vm.runInThisContext(fs.readFileSync(path, 'utf8'), { filename: file });
  }
  return globalThis.Kusto.Language;
}

const quoted = (name) => `['${name.replace(/[\\']/g, '\\$&')}']`;

// Binding against a schema is cheap; building its symbols is not, so each distinct schema is built once.
const databases = new Map();
function globalsFor(kusto, schema) {
  const key = JSON.stringify(schema);
  if (!databases.has(key)) {
    const tables = Object.entries(schema).map(([table, columns]) => {
      for (const [column, type] of Object.entries(columns)) {
        if (!TYPES.has(type)) throw new Error(`${table}.${column}: ${type} is no KQL type`);
      }
      const text = Object.entries(columns).map(([column, type]) => `${quoted(column)}:${type}`).join(', ');
      return new kusto.Symbols.TableSymbol.$ctor7(table, `(${text})`, null);
    });
    const database = new kusto.Symbols.DatabaseSymbol.ctor('db', tables);
    databases.set(key, kusto.GlobalState.Default.WithDatabase(database));
  }
  return databases.get(key);
}

const listed = (list) => Array.from({ length: list ? list.Count : 0 }, (_, i) => list.getItem(i));

function check(kusto, query, schema) {
  const code = kusto.KustoCode.ParseAndAnalyze(query, globalsFor(kusto, schema));
  const found = listed(code.GetDiagnostics()).map((d) => [d.Severity, {
    code: d.Code,
    message: d.Message,
    start: Buffer.byteLength(query.slice(0, d.Start)),
    length: Buffer.byteLength(query.slice(d.Start, d.Start + d.Length)),
    text: query.slice(d.Start, d.Start + d.Length),
  }]);
  return {
    errors: found.filter(([severity]) => severity === 'Error').map(([, d]) => d),
    warnings: found.filter(([severity]) => severity !== 'Error').map(([, d]) => d),
    columns: listed(code.ResultType?.Columns).map((c) => [c.Name, c.Type.Name]),
  };
}

const kusto = loadKusto();
const vendor = JSON.parse(fs.readFileSync(at('kql_schema.json'), 'utf8'));
for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === '') continue;
  let id = null;
  let answer;
  try {
    const given = JSON.parse(line);
    id = given.id ?? null;
    if (typeof given.query !== 'string') throw new Error('no query in this case');
    answer = check(kusto, given.query, given.schema ?? vendor);
  } catch (error) {
    // A case that can't be checked must never look like one without errors.
    const failure = { code: 'HARNESS', message: String(error?.message ?? error), start: 0, length: 0, text: '' };
    answer = { errors: [failure], warnings: [], columns: [] };
  }
  process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
}
