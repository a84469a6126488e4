// Shows silos, campaigns and tasks; refreshed every two seconds while the page is visible.
const interval = 2000;
// A frozen silo accepts requests without answering them; after this time the status line says so.
const timeout = 8000;
const $ = id => document.getElementById(id);
let secret = sessionStorage.getItem("api-key");
let signedIn = false;
let busy = false;

class Refused extends Error {
  constructor(status) { super(`answered ${status}`); this.status = status; }
}

async function ask(path, method = "GET") {
  const answer = await fetch(path, {
    method, headers: secret ? { "X-Api-Key": secret } : {}, cache: "no-store", signal: AbortSignal.timeout(timeout),
  });
  if (!answer.ok) throw new Refused(answer.status);
  return answer.json();
}

const text = (id, words) => { $(id).textContent = words; };
const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const row = (...cells) => element("tr", {}, ...cells.map(([text, kind = ""]) => element("td", { class: kind }, String(text))));

const money = price => {
  try {
    const format = new Intl.NumberFormat(undefined, { style: "currency", currency: price.currency });
    return format.format(price.amount / 10 ** format.resolvedOptions().maximumFractionDigits);
  } catch {
    return `${price.amount} ${price.currency}`;
  }
};

function distance(instant) {
  const seconds = (Date.parse(instant) - Date.now()) / 1000;
  const size = Math.abs(seconds);
  const [amount, unit] = size < 90 ? [size, "s"] : size < 5400 ? [size / 60, "min"] : size < 129600 ? [size / 3600, "h"] : [size / 86400, "d"];
  return seconds > 0 ? `in ${Math.round(amount)} ${unit}` : `${Math.round(amount)} ${unit} ago`;
}

function card(group) {
  const share = seats => {
    const span = element("span");
    span.style.width = `${Math.min(100, 100 * seats / group.capacity)}%`;
    return span;
  };
  const facts = [
    `${group.buyers} of ${group.minGroupSize} buyers`,
    `${group.seatsTaken} of ${group.capacity} seats, ${group.seatsPaid} paid`,
    money(group.unitPrice),
    `deadline ${distance(group.deadline)}`,
  ];
  const state = group.reason ? `${group.state} · ${group.reason}` : group.state;
  return element("li", {},
    element("div", { class: "top" },
      element("span", { class: "title" }, group.title),
      element("span", { class: `chip ${group.state}` }, state)),
    element("span", { class: "id" }, group.groupId),
    element("div", { class: "bar", role: "img", "aria-label": `${group.seatsTaken} of ${group.capacity} seats taken` },
      share(group.seatsTaken), share(group.seatsPaid)),
    element("p", { class: "facts" }, ...facts.map(fact => element("span", {}, fact))));
}

// Only the task types of campaigns: the daily scans of each shard are tasks, too, and would fill the list.
const taskTypes = ["group-deadline", "order-close", "payment-check", "stock-rollback", "refund"];

async function upcoming() {
  const pages = await Promise.all(taskTypes.map(type => ask(`v1/admin/tasks?type=${type}&limit=5`)));
  return pages.flatMap(page => page.items).sort((a, b) => Date.parse(a.executeAt) - Date.parse(b.executeAt)).slice(0, 12);
}

function showSilos(silos) {
  $("silos").replaceChildren(...silos.map(silo => row(
    [silo.name], [silo.draining ? "draining" : silo.status, `word ${silo.status}`], [silo.region ?? "–"], [silo.groups, "number"], [silo.shards, "number"],
    [silo.actorsToMove + silo.shardsToMove, "number"])));
  text("silos-count", silos.length);
  const active = silos.filter(silo => silo.status === "active");
  const loaded = active.reduce((sum, silo) => sum + silo.groups, 0);
  text("status", `${count(active.length, "silo serves", "silos serve")} ${count(loaded, "active group", "active groups")}`);
}

function showCampaigns(page) {
  $("campaigns").replaceChildren(...page.items.map(card));
  text("campaigns-count", page.next ? `the latest ${page.items.length}` : page.items.length);
  $("nothing").hidden = page.items.length > 0;
}

function showTasks(tasks) {
  $("tasks").replaceChildren(...tasks.map(task => row(
    [task.taskType, "word"], [task.groupId ?? task.shard], [task.status, `word ${task.status}`],
    [distance(task.nextAt ?? task.executeAt), "number"])));
  text("tasks-count", tasks.length ? `the next ${tasks.length}` : "no campaign has a pending task");
}

// Called first, so that a page without a key, or with the key of another role, sends no request that is refused.
async function signIn() {
  const session = await ask("session");
  signedIn = session.caller?.role === "operator";
  $("key").hidden = signedIn;
  // The browser opens the dashboard by its address, without our header, so the key is also stored in a cookie.
  if (signedIn && secret) await ask("session", "POST");
  if (signedIn) return;
  text("status", session.caller ? `This page needs the role operator; the key ${session.caller.name} has the role ${session.caller.role}.`
    : secret ? "This API key is not valid." : "Enter an operator's API key.");
}

async function refresh() {
  // While the form is shown, wait for the user: sending the same wrong key again and again would count as guessing.
  if (busy || !$("key").hidden) return;
  busy = true;
  try {
    if (!signedIn) await signIn();
    if (!signedIn) return;
    const [cluster, groups, tasks] = await Promise.all([ask("v1/admin/cluster"), ask("v1/groups?limit=24"), upcoming()]);
    showSilos(cluster.silos);
    showCampaigns(groups);
    showTasks(tasks);
  } catch (fault) {
    // Keys can change while the page is open, so sign in again.
    if (fault.status === 401 || fault.status === 403) signedIn = false;
    text("status", fault.status === 429 ? "Too many wrong API keys were sent from this address." : `The silo does not answer (${fault.message}).`);
  } finally {
    busy = false;
  }
}

$("example").textContent = `curl -X PUT ${location.origin}/v1/groups/10042.SH-PUDONG.tea-1 -H 'Content-Type: application/json' \\
  -d '{"title":"Longjing tea, 250 g","sku":"tea-longjing-250","unitPrice":{"amount":9900,"currency":"CNY"}}'`;

$("key").addEventListener("submit", submitted => {
  submitted.preventDefault();
  secret = $("secret").value;
  sessionStorage.setItem("api-key", secret);
  signedIn = false;
  $("key").hidden = true;
  refresh();
});

document.addEventListener("visibilitychange", () => document.hidden || refresh());
setInterval(() => document.hidden || refresh(), interval);
refresh();
