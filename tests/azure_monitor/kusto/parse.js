// Parses KQL with Microsoft's own parser. Standard input: {"tables": {name: "(column: type, ...)"}, "queries": [text]};
// standard output: for each query the list of what is wrong with it.
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const { GlobalState, KustoCode, Symbols } = Kusto.Language;
const { tables, queries } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const symbols = Object.entries(tables).map(([name, schema]) => Symbols.TableSymbol.From(schema).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("workspace", symbols));

const problems = queries.map((query) => {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: System.Array.getCount(found) }, (_, place) => System.Array.getItem(found, place).Message);
});
process.stdout.write(JSON.stringify(problems));
