// What the page says, in two languages. A word is found by its English.
const ZH = {
  "Enter": "进入", "Your name": "你的名字", "Password": "密码",
  "This name is registered: its password, please.": "这个名字已注册：请输入密码。",
  "That name is somebody's at the moment. Choose another, or give its password.": "这个名字有人在用。换一个，或输入它的密码。",
  "Connecting…": "正在连接…", "The connection broke. Trying again…": "连接断开，正在重连…",
  "Not connected": "未连接", "Rooms": "房间", "People": "成员", "online": "人在线",
  "Find a room": "查找房间", "Join or make a room": "加入或新建房间", "Leave": "离开", "Close": "关闭",
  "Search": "搜索", "Search in": "搜索", "Nothing found.": "没有找到。", "Settings": "设置",
  "Message": "发送到", "Send": "发送", "new": "新消息", "on its way": "发送中", "kept": "已保存",
  "failed": "发送失败", "Send again": "重新发送", "Give up": "放弃", "Reply": "回复", "React": "回应",
  "Take back": "撤回", "More": "更多", "This message was taken back.": "这条消息已撤回。",
  "is typing…": "正在输入…", "are typing…": "正在输入…", "Cancel": "取消", "Newest": "最新消息",
  "Today": "今天", "Yesterday": "昨天", "came": "进入", "went": "离开", "Announcement": "公告",
  "The beginning": "这里是开头", "in reply to": "回复",
  "Language": "语言", "Appearance": "外观", "as the system": "跟随系统", "light": "浅色", "dark": "深色",
  "Notify me": "通知我", "Sign out": "退出", "Change name": "改名", "Keep this name": "注册这个名字",
  "The name is yours now.": "这个名字现在是你的了。",
  "That is too long: at most 4,096 bytes and 100 lines.": "太长了：最多 4096 字节、100 行。",
  "is now called": "改名为", "set the topic:": "将主题设为：", "was put out of the room": "被请出了房间",
  "called the room": "将房间改名为", "Away": "离开", "operator": "管理员", "may speak": "可发言", "unread": "未读",
  "Write to": "私聊", "Messages": "消息", "Room": "房间",
};

let language = "en";

export function setLanguage(wanted) {
  language = wanted === "zh" ? "zh" : "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

export function languageNow() {
  return language;
}

export function say(english) {
  return language === "zh" ? ZH[english] ?? english : english;
}

export function timeOf(ms) {
  return new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(ms);
}

export function dayOf(ms) {
  const day = new Date(ms).toDateString();
  if (day === new Date().toDateString()) {
    return say("Today");
  }
  if (day === new Date(Date.now() - 86400000).toDateString()) {
    return say("Yesterday");
  }
  return new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full" }).format(ms);
}
