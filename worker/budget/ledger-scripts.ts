/**
 * The ledger's rules in Lua: what ledger-state.ts says, to be run inside Redis, one script for an operation.
 *
 * Redis runs a script as a whole, so no two operations interleave. What a script touches has to be named in KEYS,
 * and neither a settlement nor a lapse knows which accounts a hold is on. So the rows of all accounts are fields of one
 * hash, and every script gets the same keys (all of one organisation, by its hash tag in one slot of a cluster):
 *
 *     1 accounts  hash        account → "startMs spent held" of each slot, one after another
 *     2 holds     hash        id → a hold that is under way, has lapsed or was settled by estimate
 *     3 due       sorted set  ids under way, by when they expire
 *     4 unbilled  sorted set  ids that have lapsed or were estimated, by when they are forgotten
 *     5 gates     sorted set  gates, by until when they are shut
 *     6 settled   string      of one request, gone by itself: until when it is remembered
 *
 * Only settled requests grow with the traffic, and they have a time to live. The rest has none, because nothing of it
 * may be lost: accounts are as many as an operator names, holds as many as requests are under way or were cut, and what
 * is too old or open again is cleared whenever the ledger is asked to hold.
 *
 * Now is the caller's; Redis's clock only ends what the caller's has ended too. Numbers are doubles, exact up to 2^53:
 * they travel as text and never through cjson, which would round them.
 *
 * Source: https://redis.io/docs/latest/develop/programmability/eval-intro/
 */
import { SETTLED_KEPT_MS, UNBILLED_KEPT_MS } from "./ledger-state.ts";

/** Holds that end in one run; Redis serves nobody else meanwhile. */
export const MAX_LAPSES = 100;
const MAX_LISTED = 1_000;

const BOOK = `
local ACCOUNTS, HOLDS, DUE, UNBILLED, GATES, SETTLED = unpack(KEYS)

local function text(number)
  return string.format("%.0f", number)
end

local books, changed = {}, {}

local function slots_of(account)
  local slots = books[account]
  if slots then return slots end
  slots = {}
  local row = redis.call("HGET", ACCOUNTS, account) or ""
  for packed, start, spent, held in string.gmatch(row, "((%S+) (%S+) (%S+))") do
    slots[tonumber(start)] = { spent = tonumber(spent), held = tonumber(held), packed = packed }
  end
  books[account] = slots
  return slots
end

local function balance(draw)
  local spent, held = 0, 0
  for start, slot in pairs(slots_of(draw.account)) do
    if start >= draw.since then
      spent = spent + slot.spent
      held = held + slot.held
    end
  end
  return spent, held
end

local function add(account, start, spent, held)
  local slots = slots_of(account)
  local slot = slots[start] or { spent = 0, held = 0 }
  slots[start] = { spent = math.max(slot.spent + spent, 0), held = math.max(slot.held + held, 0) }
  changed[account] = true
end

-- Writes every changed row, without slots that are empty, or that a draw no longer keeps and that hold nothing.
local function save(draws)
  for _, draw in ipairs(draws) do
    local slots = slots_of(draw.account)
    for start, slot in pairs(slots) do
      if start < draw.kept and slot.held == 0 then
        slots[start] = nil
        changed[draw.account] = true
      end
    end
  end
  for account in pairs(changed) do
    local parts = {}
    for start, slot in pairs(books[account]) do
      if slot.spent > 0 or slot.held > 0 then
        parts[#parts + 1] = slot.packed or string.format("%.0f %.0f %.0f", start, slot.spent, slot.held)
      end
    end
    if #parts > 0 then
      redis.call("HSET", ACCOUNTS, account, table.concat(parts, " "))
    else
      redis.call("HDEL", ACCOUNTS, account)
    end
  end
  changed = {}
end
`;

const HOLDS = `
-- Strings only: phase and expiry, then account, start, amount and 1 for a passing one of each share.
local function hold_of(id, now)
  local packed = redis.call("HGET", HOLDS, id)
  if not packed then return nil end
  local list = cjson.decode(packed)
  local hold = { phase = list[1], expires = tonumber(list[2]), shares = {} }
  if hold.phase ~= "held" and hold.expires <= now then return nil end
  for at = 3, #list, 4 do
    local share = { account = list[at], start = tonumber(list[at + 1]) }
    share.amount, share.passing = tonumber(list[at + 2]), list[at + 3]
    table.insert(hold.shares, share)
  end
  return hold
end

local function put(id, hold)
  local list = { hold.phase, text(hold.expires) }
  for _, share in ipairs(hold.shares) do
    for _, field in ipairs({ share.account, text(share.start), text(share.amount), share.passing }) do
      list[#list + 1] = field
    end
  end
  redis.call("HSET", HOLDS, id, cjson.encode(list))
  local is_held = hold.phase == "held"
  redis.call("ZADD", is_held and DUE or UNBILLED, text(hold.expires), id)
  redis.call("ZREM", is_held and UNBILLED or DUE, id)
end

local function is_settled(now)
  local until_ms = redis.call("GET", SETTLED)
  return until_ms and tonumber(until_ms) > now
end

local function lapse_due(now)
  for _, id in ipairs(redis.call("ZRANGEBYSCORE", UNBILLED, "-inf", text(now), "LIMIT", 0, ${MAX_LAPSES})) do
    redis.call("HDEL", HOLDS, id)
    redis.call("ZREM", UNBILLED, id)
  end
  redis.call("ZREMRANGEBYSCORE", GATES, "-inf", text(now))
  local due = redis.call("ZRANGEBYSCORE", DUE, "-inf", text(now), "LIMIT", 0, ${MAX_LAPSES})
  for _, id in ipairs(due) do
    local hold, lasting = hold_of(id, now), {}
    for _, share in ipairs(hold.shares) do
      local is_passing = share.passing == "1"
      add(share.account, share.start, is_passing and 0 or share.amount, -share.amount)
      if not is_passing then table.insert(lasting, share) end
    end
    put(id, { phase = "lapsed", expires = now + ${UNBILLED_KEPT_MS}, shares = lasting })
  end
  save({})
  return #due
end
`;

/** ARGV: id, now, expiry, how many gates, the gates; of each draw seven. */
const RESERVE = `
local id, now, expires, gates = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local draws = {}
for at = 5 + gates, #ARGV, 7 do
  local draw = { account = ARGV[at], passing = ARGV[at + 1], start = tonumber(ARGV[at + 2]) }
  draw.since, draw.kept, draw.amount = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  draw.limit = ARGV[at + 6] == "" and math.huge or tonumber(ARGV[at + 6])
  table.insert(draws, draw)
end

local function with_balances(answer)
  for _, draw in ipairs(draws) do
    local spent, held = balance(draw)
    table.insert(answer, text(spent))
    table.insert(answer, text(held))
  end
  return answer
end

local lapsed = lapse_due(now)
for at = 5, 4 + gates do
  local until_ms = redis.call("ZSCORE", GATES, ARGV[at])
  if until_ms and tonumber(until_ms) > now then return { "shut", ARGV[at] } end
end
local hold = hold_of(id, now)
if is_settled(now) or hold and hold.phase ~= "held" then return { "closed" } end

hold = hold or { phase = "held", expires = 0, shares = {} }
for _, draw in ipairs(draws) do
  local own, share = 0, nil
  for _, other in ipairs(hold.shares) do
    if other.account == draw.account then
      own = own + other.amount
      if other.start == draw.start then share = other end
    end
  end
  local spent, held = balance(draw)
  local more, left = math.max(draw.amount - own, 0), math.max(draw.limit - spent - held, 0)
  if more > left then
    books, changed = {}, {}
    return with_balances({ "refused", draw.account, text(left), text(lapsed) })
  end
  if more > 0 then
    add(draw.account, draw.start, 0, more)
    if share then
      share.amount = share.amount + more
    else
      share = { account = draw.account, start = draw.start, amount = more, passing = draw.passing }
      table.insert(hold.shares, share)
    end
  end
end
local answer = with_balances({ "held" })
save(draws)
put(id, { phase = "held", expires = math.max(expires, hold.expires), shares = hold.shares })
return answer
`;

/** ARGV: id, now, 1 for an estimate; of each draw six. */
const SETTLE = `
local id, now, is_estimate = ARGV[1], tonumber(ARGV[2]), ARGV[3] == "1"
local draws, before = {}, {}
for at = 4, #ARGV, 6 do
  local draw = { account = ARGV[at], passing = ARGV[at + 1], start = tonumber(ARGV[at + 2]) }
  draw.since, draw.kept, draw.amount = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  table.insert(draws, draw)
  table.insert(before, (balance(draw)))
end

local booked = {}
local function book(draw, start, amount)
  add(draw.account, start, amount, 0)
  table.insert(booked, { account = draw.account, start = start, amount = amount, passing = "0" })
end

-- Into the slots that it was held in, the last of which takes the rest.
local function spend(draw, shares)
  local rest, last = draw.amount, nil
  for _, share in ipairs(shares) do
    if share.account == draw.account then
      if last then
        local part = math.min(last.amount, rest)
        book(draw, last.start, part)
        rest = rest - part
      end
      last = share
    end
  end
  book(draw, last and last.start or draw.start, rest)
end

local hold = hold_of(id, now) or { shares = {} }
local is_repeat = is_settled(now) or is_estimate and hold.phase == "estimated"
if not is_repeat then
  local is_held = hold.phase == "held"
  for _, share in ipairs(hold.shares) do
    add(share.account, share.start, is_held and 0 or -share.amount, is_held and -share.amount or 0)
  end
  for _, draw in ipairs(draws) do
    if draw.passing == "0" and draw.amount > 0 then spend(draw, hold.shares) end
  end
end
local answer = { is_repeat and "repeat" or "settled" }
for at, draw in ipairs(draws) do
  local spent, held = balance(draw)
  for _, number in ipairs({ spent, held, before[at] }) do table.insert(answer, text(number)) end
end
if is_repeat then return answer end
save(draws)
if is_estimate then
  put(id, { phase = "estimated", expires = now + ${UNBILLED_KEPT_MS}, shares = booked })
  return answer
end
redis.call("HDEL", HOLDS, id)
redis.call("ZREM", DUE, id)
redis.call("ZREM", UNBILLED, id)
redis.call("SET", SETTLED, text(now + ${SETTLED_KEPT_MS}), "PX", ${SETTLED_KEPT_MS})
return answer
`;

/** ARGV: of each account its name and since when its slots count. */
const READ = `
local answer = {}
for at = 1, #ARGV, 2 do
  local spent, held = balance({ account = ARGV[at], since = tonumber(ARGV[at + 1]) })
  table.insert(answer, text(spent))
  table.insert(answer, text(held))
end
return answer
`;

/** ARGV: nothing, or the one that is wanted. Answers id and hold, in turn. */
const LIST = `
local answer, ids = {}, {}
if not ARGV[1] then
  ids = redis.call("ZRANGE", UNBILLED, 0, ${MAX_LISTED - 1})
elseif redis.call("ZSCORE", UNBILLED, ARGV[1]) then
  ids = { ARGV[1] }
end
for _, id in ipairs(ids) do
  table.insert(answer, id)
  table.insert(answer, redis.call("HGET", HOLDS, id))
end
return answer
`;

/** The text of each operation's script. */
export const SCRIPTS = {
  reserve: BOOK + HOLDS + RESERVE,
  settle: BOOK + HOLDS + SETTLE,
  read: BOOK + READ,
  shut: `redis.call("ZADD", KEYS[5], ARGV[2], ARGV[1]) return {}`,
  lapse: `${BOOK + HOLDS}return { text(lapse_due(tonumber(ARGV[1]))) }`,
  unbilled: BOOK + LIST,
} as const;
