/** Parses every class and trigger of the folder in the first argument; prints what is wrong, exits with 1 if anything is. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ApexErrorListener, ApexParserFactory } from "@apexdevtools/apex-parser";

class Collector extends ApexErrorListener {
  messages = [];

  apexSyntaxError(line, column, message) {
    this.messages.push(`${line}:${column} ${message}`);
  }
}

function syntaxErrors(path) {
  const parser = ApexParserFactory.createParser(readFileSync(path, "utf8"));
  const collector = new Collector();
  parser.removeErrorListeners();
  parser.addErrorListener(collector);
  if (path.endsWith(".trigger")) parser.triggerUnit();
  else parser.compilationUnit();
  return collector.messages;
}

const root = process.argv[2];
let parsed = 0;
for (const folder of ["classes", "triggers"]) {
  for (const name of readdirSync(join(root, folder)).filter((each) => /\.(cls|trigger)$/.test(each))) {
    for (const message of syntaxErrors(join(root, folder, name))) {
      process.stdout.write(`${name}:${message}\n`);
      process.exitCode = 1;
    }
    parsed += 1;
  }
}
process.stdout.write(`${parsed} files parsed\n`);
