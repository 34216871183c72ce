-- What wrk sends: one of the jobs, its places filled in anew for each request. See jobs.py.
local method, path, body = os.getenv("METHOD"), os.getenv("PATH_FORM"), os.getenv("BODY_FORM")
local one = os.getenv("CUSTOMER_FORM")
local people, groups = tonumber(os.getenv("PEOPLE")), tonumber(os.getenv("GROUPS"))
local in_a_list, run = tonumber(os.getenv("A_LIST")), os.getenv("RUN")
local n, terms = 0, {}

math.randomseed(tonumber(os.getenv("SEED")))
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
if body ~= "" then wrk.headers["Content-Type"] = "application/json" end
for term in os.getenv("TERMS"):gmatch("[^\n]+") do terms[#terms + 1] = term end

local function customer()
  n = n + 1
  local values = { unique = run .. "." .. n, group = math.random(groups) }
  return (one:gsub("<(%w+)>", values))
end

local fill = {
  id = function() return math.random(people) end,
  group = function() return math.random(groups) end,
  term = function() return terms[math.random(#terms)] end,
  n = function() n = n + 1; return n end,
  customer = customer,
  customers = function()
    local all = {}
    for place = 1, in_a_list do all[place] = customer() end
    return table.concat(all, ",")
  end,
}

local function filled(form)
  return (form:gsub("<(%w+)>", function(name) return fill[name]() end))
end

function request()
  return wrk.format(method, filled(path), nil, body ~= "" and filled(body) or nil)
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"bytes":%d,"failed":%d,"p50":%.3f,"p99":%.3f}\n',
    summary.requests, summary.duration, summary.bytes,
    failed.status + failed.connect + failed.read + failed.write + failed.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
