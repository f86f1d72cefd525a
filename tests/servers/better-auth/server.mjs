// better-auth with its SCIM plugin on 127.0.0.1:$PORT, in the SQLite file $DATABASE, open to the bearer $TOKEN.
import http from "node:http";
import { scim } from "@better-auth/scim";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";

const { PORT, DATABASE, SECRET, TOKEN } = process.env;

const sqlite = new Database(DATABASE);
sqlite.pragma("journal_mode = WAL");
sqlite.pragma("synchronous = NORMAL");

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${PORT}`,
  secret: SECRET,
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  database: {
    db: new Kysely({ dialect: new SqliteDialect({ database: sqlite }) }),
    type: "sqlite",
    transaction: true,
  },
  emailAndPassword: { enabled: true },
  plugins: [
    scim({
      connections: [{ id: "tests", credentials: [{ type: "bearer", id: "tests", token: TOKEN }] }],
    }),
  ],
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
http.createServer(toNodeHandler(auth)).listen(Number(PORT), "127.0.0.1");
