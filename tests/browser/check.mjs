// Looks at pages as a reader would: in Chromium, in light and dark, wide and narrow, with and without scripts, printed;
// axe reads them. DIR/pages.json names the pages: [{ "name", "filter": { "person", "others": [...] } }]. Says what it saw
// as one JSON document; what that means is for the test to judge.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const dir = resolve(process.argv[2]);
const pages = JSON.parse(readFileSync(join(dir, "pages.json"), "utf8"));
const browser = await chromium.launch({
  executablePath: process.env.ROSTERCTL_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
});

// A page that hangs must not hang the tests.
const deadline = setTimeout(() => { console.error("the pages took more than five minutes"); process.exit(1); }, 300_000);

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };

// One page under one set of circumstances.
async function look(name, { scheme, viewport, scripts }) {
  const context = await browser.newContext({ colorScheme: scheme, viewport, javaScriptEnabled: scripts });
  const page = await context.newPage();
  const url = pathToFileURL(join(dir, `${name}.html`)).href;
  const seen = { requests: [], complaints: [], dialogs: 0 };
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) seen.requests.push(request.url());
  });
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) seen.complaints.push(message.text()); });
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("dialog", (dialog) => { seen.dialogs += 1; dialog.dismiss(); });
  const begun = Date.now();
  await page.goto(url);
  seen.milliseconds = Date.now() - begun;
  return { context, page, seen };
}

async function axed(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setBypassCSP", { enabled: true });
  // Evaluated through the protocol, so that it runs where the page's own scripts may not.
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: `${axe}; axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
      .then((found) => JSON.stringify(found.violations.map((one) => ({ id: one.id, help: one.help,
        nodes: one.nodes.slice(0, 3).map((node) => node.html.slice(0, 300)) }))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  return JSON.parse(result.value);
}

// axe is a script itself: so that it can read a page as it is without scripts, the page's own is taken out instead.
async function withoutScript(name, scheme, found) {
  const html = readFileSync(join(dir, `${name}.html`), "utf8").replace(/<script>[^]*?<\/script>/, "");
  for (const [shape, viewport] of [["wide", WIDE], ["narrow", NARROW]]) {
    const context = await browser.newContext({ colorScheme: scheme, viewport });
    const page = await context.newPage();
    await page.setContent(html);
    found[`${scheme}-${shape}-plain`] = await axed(page);
    await context.close();
  }
}

const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
const seenEntries = () => [...document.querySelectorAll("[data-who]")].filter((one) => one.checkVisibility()).map((one) => one.dataset.who);

const report = {};
for (const { name, person, heavy } of pages) {
  const found = { axe: {}, requests: [], complaints: [], dialogs: 0, overflow: {} };
  const gather = (seen) => {
    found.requests.push(...seen.requests);
    found.complaints.push(...seen.complaints);
    found.dialogs += seen.dialogs;
  };
  for (const scheme of ["light", "dark"]) {
    for (const scripts of [true, false]) {
      if (heavy && (scheme === "dark" || !scripts)) continue;
      for (const [shape, viewport] of [["wide", WIDE], ["narrow", NARROW]]) {
        const { context, page, seen } = await look(name, { scheme, viewport, scripts });
        const key = `${scheme}-${shape}-${scripts ? "scripts" : "plain"}`;
        found.milliseconds = Math.max(found.milliseconds ?? 0, seen.milliseconds);
        if (scripts) found.overflow[key] = await page.evaluate(overflow);
        if (!heavy) {
          if (scripts) await page.screenshot({ path: join(dir, `${name}-${key}.png`), fullPage: true });
          if (scripts) {
            found.axe[`${key}-folded`] = await axed(page);
            await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
            found.axe[key] = await axed(page);
          } else {
            found[`form-${key}`] = await page.locator("#filter").isVisible();
            found[`text-${key}`] = (await page.locator("main").innerText()).length;
          }
        }
        gather(seen);
        await context.close();
      }
      if (!scripts) await withoutScript(name, scheme, found.axe);
    }
  }
  const { context, page, seen } = await look(name, { scheme: "light", viewport: WIDE, scripts: true });
  found.text = (await page.locator("main").innerText()).length;
  found.entries = await page.locator("[data-who]").count();
  found.script = await page.evaluate(() => window.hostile === undefined);
  if (person) {
    const before = await page.evaluate(seenEntries);
    await page.keyboard.press("Tab");
    found.skip = await page.evaluate(() => document.activeElement.className);
    const begun = Date.now();
    await page.fill("#who", person);
    found.filtered = await page.evaluate(seenEntries);
    found.filterMilliseconds = Date.now() - begun;
    found.status = await page.locator("#found").innerText();
    if (!heavy) await page.screenshot({ path: join(dir, `${name}-filtered.png`), fullPage: true });
    await page.fill("#who", "nobody has this name");
    found.none = (await page.evaluate(seenEntries)).length;
    await page.click("button[type=reset]");
    found.restored = JSON.stringify(await page.evaluate(seenEntries)) === JSON.stringify(before);
  }
  if (await page.locator("[data-tick]").count()) {
    await page.locator("[data-tick]").nth(0).check();
    await page.locator("[data-tick]").nth(1).check();
    await page.reload();
    found.ticks = [String(await page.locator("[data-tick]:checked").count()), await page.locator("#ticked").innerText()];
  }
  gather(seen);
  if (!heavy) {
    await page.emulateMedia({ media: "print" });
    found.printForm = await page.locator("#filter").isVisible();
    found.printed = (await page.pdf({ path: join(dir, `${name}.pdf`), format: "A4", margin: { top: "15mm", bottom: "15mm", left: "12mm", right: "12mm" } })).length;
    await page.setViewportSize({ width: 700, height: 990 });
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    found.overflow.print = await page.evaluate(overflow);
    await page.screenshot({ path: join(dir, `${name}-print.png`), fullPage: true });
  }
  await context.close();
  report[name] = found;
}
await browser.close();
clearTimeout(deadline);
writeFileSync(join(dir, "seen.json"), JSON.stringify(report, null, 2));
console.log(JSON.stringify(report));
